import { useVirtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import type { Job } from '../../api/types';
import type { JobList } from '../../model/list';
import { useSignal } from '../hooks';
import { useChosen } from './useChosen';

interface IProps {
  list: JobList;
  label: string;
  /** Pixels that a row has, at least. */
  rowHeight: number;
  draw(job: Job): React.ReactNode;
  open(job: Job): void;
  select(jobs: Job[]): void;
  keys?(event: React.KeyboardEvent, chosen: readonly Job[]): void;
}

/** Rows of a list of any length, of which those in sight are there; one or many can be selected. */
export function VirtualJobs(props: IProps): JSX.Element {
  const { list, rowHeight, draw, open } = props;
  useSignal(list.changed);
  const scroller = React.useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: list.total ?? 0,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 8
  });
  const inSight = rows.getVirtualItems();
  const first = inSight[0]?.index ?? 0;
  const last = inSight[inSight.length - 1]?.index ?? 0;
  React.useEffect(() => list.look(first, last), [list, first, last]);
  const chosen = useChosen(list, props.select, index =>
    rows.scrollToIndex(index)
  );

  return (
    <div
      ref={scroller}
      className="jp-Jobsub-list"
      role="listbox"
      aria-label={props.label}
      aria-multiselectable
      aria-activedescendant={
        inSight.some(({ index }) => index === chosen.at)
          ? `${chosen.prefix}-${chosen.at}`
          : undefined
      }
      tabIndex={0}
      onKeyDown={event => {
        if (!chosen.onKeyDown(event)) {
          const job = list.at(chosen.at);
          if (event.key === 'Enter' && job) {
            open(job);
          } else {
            props.keys?.(event, chosen.jobs);
          }
        }
      }}
    >
      <div role="presentation" style={{ height: rows.getTotalSize() }}>
        {inSight.map(({ index, start, size }) => {
          const job = list.at(index);
          return (
            <div
              key={index}
              id={`${chosen.prefix}-${index}`}
              className="jp-Jobsub-row"
              role="option"
              aria-selected={job ? chosen.has(job.id) : false}
              aria-setsize={list.total ?? -1}
              aria-posinset={index + 1}
              data-at={index === chosen.at || undefined}
              data-job={job?.id}
              style={{ transform: `translateY(${start}px)`, height: size }}
              onMouseDown={event => chosen.onMouseDown(event, index)}
              onDoubleClick={() => job && open(job)}
            >
              {job ? draw(job) : <div className="jp-Jobsub-skeleton" />}
            </div>
          );
        })}
      </div>
    </div>
  );
}
