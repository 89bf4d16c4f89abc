import * as React from 'react';

import type { Job } from '../../api/types';
import type { JobList } from '../../model/list';
import { useSignal } from '../hooks';

/** Which rows of a list are selected, by mouse and by keyboard, as in a file browser. */
export interface IChosen {
  /** The place that the keyboard is at. */
  at: number;
  /** What the ids of rows begin with. */
  prefix: string;
  jobs: readonly Job[];
  has(id: string): boolean;
  onMouseDown(event: React.MouseEvent, index: number): void;
  /** Whether the key was one for selecting. */
  onKeyDown(event: React.KeyboardEvent): boolean;
}

const PAGE = 10; // rows that Page Down goes on

export function useChosen(
  list: JobList,
  select: (jobs: Job[]) => void,
  reveal: (index: number) => void
): IChosen {
  const [at, setAt] = React.useState(0);
  const [from, setFrom] = React.useState(0);
  const [ids, setIds] = React.useState<ReadonlyMap<string, Job>>(new Map());
  const prefix = React.useId();
  useSignal(list.changed);
  const total = list.total ?? 0;

  const choose = (jobs: Job[]) => {
    setIds(new Map(jobs.map(job => [job.id, job])));
    select(jobs);
  };
  const span = (one: number, other: number) => {
    const found = [];
    for (let i = Math.min(one, other); i <= Math.max(one, other); i++) {
      found.push(list.at(i));
    }
    return found.filter((job): job is Job => job !== undefined);
  };
  const go = (index: number, extend: boolean) => {
    const place = Math.max(0, Math.min(index, total - 1));
    setAt(place);
    reveal(place);
    if (extend) {
      choose(span(from, place));
    } else {
      setFrom(place);
      choose(span(place, place));
    }
  };
  const toggle = (index: number) => {
    const job = list.at(index);
    setAt(index);
    setFrom(index);
    if (job) {
      const others = [...ids.values()].filter(({ id }) => id !== job.id);
      choose(ids.has(job.id) ? others : [...others, job]);
    }
  };

  return {
    at,
    prefix,
    jobs: [...ids.values()],
    has: id => ids.has(id),
    onMouseDown: (event, index) => {
      const job = list.at(index);
      if (event.ctrlKey || event.metaKey) {
        toggle(index);
      } else if (event.button === 0 || (job && !ids.has(job.id))) {
        go(index, event.shiftKey);
      }
    },
    onKeyDown: event => {
      const step = steps(total)[event.key];
      if (event.key === ' ') {
        toggle(at);
      } else if (event.key === 'a' && (event.ctrlKey || event.metaKey)) {
        choose(span(0, total - 1));
      } else if (step !== undefined) {
        go(at + step, event.shiftKey);
      } else {
        return false;
      }
      event.preventDefault();
      return true;
    }
  };
}

function steps(total: number): Record<string, number> {
  return {
    ArrowDown: 1,
    ArrowUp: -1,
    PageDown: PAGE,
    PageUp: -PAGE,
    Home: -total,
    End: total
  };
}
