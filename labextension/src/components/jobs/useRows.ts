import { useVirtualizer, type Virtualizer } from '@tanstack/react-virtual';
import * as React from 'react';

import type { Chosen } from '../../model/chosen';
import type { JobList } from '../../model/list';
import { useSignal } from '../hooks';

/** Rows that a list has at most: a browser can't scroll through a page of any height. */
export const MOST = 250_000;
const PAGE = 10; // rows that Page Down goes on
const SKELETONS = 12; // before it is known how many there are

/** Rows of a list of any length, of which those in sight are there. */
export interface IRows {
  scroller: React.RefObject<HTMLDivElement>;
  /** Pixels that all of them take. */
  height: number;
  inSight: { index: number; start: number; size: number }[];
  /** The id of a row's element. */
  idOf(index: number): string;
  /** What the element has that takes the keys. */
  keys: {
    tabIndex: number;
    'aria-activedescendant': string | undefined;
    'aria-busy': boolean;
    onFocus(): void;
    onKeyDown(event: React.KeyboardEvent): void;
  };
  /** What the element of a row has. */
  row(index: number): object;
}

interface IProps {
  chosen: Chosen;
  /** Height of a row, in the font's. */
  em: number;
  /** Pixels above the rows that don't scroll. */
  head?: number;
  /** The view is used. */
  used(): void;
  open(id: string): void;
  remove(): void;
}

export function useRows({
  chosen,
  em,
  head = 0,
  used,
  open,
  remove
}: IProps): IRows {
  const { list } = chosen;
  useSignal(list.changed);
  useSignal(chosen.changed);
  const prefix = React.useId();
  const scroller = React.useRef<HTMLDivElement>(null);
  const rowHeight = useRowHeight(scroller, em);
  const count = Math.min(list.total ?? SKELETONS, MOST);
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    scrollPaddingEnd: head,
    overscan: 8
  });
  const inSight = rows.getVirtualItems();
  const first = inSight[0]?.index ?? 0;
  const last = inSight[inSight.length - 1]?.index ?? 0;
  React.useEffect(() => rows.measure(), [rows, rowHeight]);
  React.useEffect(
    () => list.look(first, last),
    [list, list.total, first, last]
  );
  useTopOfNewFilter(list, scroller);
  useAnchor(list, rows, rowHeight);

  const go = (index: number, extend: boolean) => {
    chosen.go(Math.min(index, count - 1), extend);
    rows.scrollToIndex(chosen.at);
  };
  const idOf = (index: number) => `${prefix}-${index}`;
  const isThere = inSight.some(({ index }) => index === chosen.at);
  return {
    scroller,
    height: rows.getTotalSize(),
    inSight,
    idOf,
    keys: {
      tabIndex: 0,
      'aria-activedescendant':
        isThere && list.total ? idOf(chosen.at) : undefined,
      'aria-busy': list.loading,
      onFocus: used,
      onKeyDown: event => {
        const job = list.at(chosen.at);
        const step = steps(list.total ?? 0)[event.key];
        const control = event.ctrlKey || event.metaKey;
        if (event.target !== event.currentTarget) {
          return; // a button's own
        } else if (event.key === ' ') {
          chosen.toggle(chosen.at);
        } else if (event.key === 'a' && control) {
          chosen.all();
        } else if (event.key === 'Enter' && job) {
          open(job.id);
        } else if (event.key === 'Delete') {
          remove();
        } else if (step !== undefined) {
          go(chosen.at + step, event.shiftKey);
        } else {
          return;
        }
        event.preventDefault();
        event.stopPropagation();
      }
    },
    row: index => {
      const job = list.at(index);
      return {
        id: idOf(index),
        'aria-selected': job ? chosen.has(job.id) : false,
        'data-at': index === chosen.at || undefined,
        'data-job': job?.id,
        onMouseDown: (event: React.MouseEvent) => {
          used();
          if (event.button === 0 && (event.ctrlKey || event.metaKey)) {
            chosen.toggle(index);
          } else if (event.button === 0 || (job && !chosen.has(job.id))) {
            chosen.go(index, event.button === 0 && event.shiftKey);
          }
        },
        onDoubleClick: () => job && open(job.id)
      };
    }
  };
}

/** The pixels of a row, which grow with the font. */
function useRowHeight(
  scroller: React.RefObject<HTMLDivElement>,
  em: number
): number {
  const [font, setFont] = React.useState(13);
  React.useLayoutEffect(() => {
    const element = scroller.current;
    const size = element ? parseFloat(getComputedStyle(element).fontSize) : NaN;
    setFont(size || 13);
  }, [scroller]);
  return Math.round(font * em);
}

/** Another filter's rows are looked at from the top. */
function useTopOfNewFilter(
  list: JobList,
  scroller: React.RefObject<HTMLDivElement>
): void {
  React.useEffect(() => {
    const top = () => {
      scroller.current?.scrollTo({ top: 0 });
    };
    list.filterChanged.connect(top);
    return () => {
      list.filterChanged.disconnect(top);
    };
  }, [list, scroller]);
}

/** Keep what is in sight where it is when rows come or go above it, but for the very top. */
function useAnchor(
  list: JobList,
  rows: Virtualizer<HTMLDivElement, Element>,
  rowHeight: number
): void {
  const anchor = React.useRef<{ id: string; index: number }>();
  React.useLayoutEffect(() => {
    const offset = rows.scrollOffset ?? 0;
    const before = anchor.current;
    const place = before && list.place(before.id);
    if (before && place !== undefined && offset > 0 && list.steady) {
      const moved = (place - before.index) * rowHeight;
      if (moved) {
        rows.scrollToOffset(offset + moved);
      }
    }
    const index = Math.floor(offset / rowHeight);
    const job = list.at(index);
    anchor.current = job && { id: job.id, index };
  });
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
