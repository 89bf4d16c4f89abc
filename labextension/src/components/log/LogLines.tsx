import { useVirtualizer } from '@tanstack/react-virtual';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { LogModel } from '../../model/log';
import type { Lines } from '../../model/lines';
import type { IFind, Search } from '../../model/search';
import { LogLine } from './LogLine';

interface IProps {
  model: LogModel;
  wrap: boolean;
  search: Search;
  current: IFind | null;
  trans: TranslationBundle;
  /** Take the number of the first line in sight. */
  sees(line: number): void;
}

const NEAR = 200; // lines from an end of those that are there, where more are read
const AT_END = 30; // pixels from the end that still are the end
const MEASURED = 20_000; // lines whose height is remembered

/** The lines in sight, of those that are there. */
export function LogLines(props: IProps): JSX.Element {
  const { model, wrap, search, current, trans } = props;
  const { lines } = model;
  const scroller = React.useRef<HTMLDivElement>(null);
  const height = useLineHeight(scroller);
  const count = lines.length - (lines.at(lines.length - 1).raw ? 0 : 1);
  const { first } = lines;
  const shown = React.useRef<Lines>();
  const leaps = shown.current !== lines && !model.sticky;
  const rows = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    getItemKey: React.useCallback((index: number) => first + index, [first]),
    anchorTo: leaps ? 'start' : 'end', // others are at the place of those that were in sight
    followOnAppend: model.sticky,
    scrollEndThreshold: AT_END,
    overscan: 10
  });
  React.useEffect(() => {
    rows.measure();
  }, [rows, wrap, height]);
  React.useEffect(() => {
    rows.itemSizeCache.size > MEASURED && rows.measure();
  });

  const inSight = rows.getVirtualItems();
  const top = rows.getVirtualItemForOffset(rows.scrollOffset ?? 0)?.index ?? 0;
  const bottom = inSight[inSight.length - 1]?.index ?? 0;
  React.useLayoutEffect(() => {
    shown.current = lines;
    model.sticky ? rows.scrollToEnd() : rows.scrollToOffset(0);
  }, [model, lines, rows]);
  React.useEffect(() => {
    if (current) {
      rows.scrollToIndex(current.line - lines.first, { align: 'auto' });
    }
  }, [current]); // eslint-disable-line react-hooks/exhaustive-deps
  React.useEffect(() => {
    props.sees(first + top);
    if (!inSight.length) {
      return;
    }
    if (bottom > count - NEAR && model.behind === 'more') {
      void model.newer();
    } else if (top < NEAR && !model.sticky) {
      void model.older();
    }
  });
  const width = useWidest(scroller, wrap, lines);
  const stick = useStick(scroller, model);
  const readOn = () => {
    const { scrollHeight, clientHeight } = scroller.current!;
    scrollHeight <= clientHeight && void model.older(); // nothing can be scrolled
  };

  return (
    <div
      ref={scroller}
      className={`jp-Jobsub-log-lines${wrap ? ' jp-mod-wrap' : ''}`}
      role="log"
      aria-live="off"
      aria-label={trans.__('Log')}
      tabIndex={0}
      onScroll={stick}
      onWheel={({ deltaY }) => deltaY < 0 && readOn()}
      onKeyDown={({ key }) =>
        (key === 'ArrowUp' || key === 'PageUp') && readOn()
      }
    >
      <div style={{ height: rows.getTotalSize(), minWidth: width }}>
        {inSight.map(({ index, key, start, size }) => {
          const line = lines.at(index);
          return (
            <div
              key={key}
              ref={wrap ? rows.measureElement : undefined}
              data-index={index}
              className="jp-Jobsub-log-line"
              style={{
                transform: `translateY(${start}px)`,
                [wrap ? 'minHeight' : 'height']: wrap ? height : size
              }}
            >
              <LogLine
                runs={line.painted.runs}
                found={search.in(line)}
                current={current?.line === line.id ? current.nth : -1}
              />
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** Note whether the newest lines are looked at: until somebody scrolls up, and from the end on. */
function useStick(
  element: React.RefObject<HTMLElement>,
  model: LogModel
): () => void {
  const before = React.useRef(0);
  const stick = () => {
    const { scrollHeight, scrollTop, clientHeight } = element.current!;
    if (scrollHeight - scrollTop - clientHeight <= AT_END) {
      model.sticky = model.behind !== 'more';
    } else if (scrollTop < before.current) {
      model.sticky = false;
    }
    before.current = scrollTop;
  };
  React.useEffect(stick);
  return stick;
}

/** How high a line is that isn't wrapped. */
function useLineHeight(element: React.RefObject<HTMLElement>): number {
  const [height, set] = React.useState(18);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the same height draws nothing
  React.useLayoutEffect(() => {
    const found = parseFloat(getComputedStyle(element.current!).lineHeight);
    found && set(found);
  });
  return height;
}

/** The widest that was in sight, so that who has scrolled to the right stays there. */
function useWidest(
  element: React.RefObject<HTMLElement>,
  wrap: boolean,
  lines: Lines
): number {
  const [width, set] = React.useState(0);
  React.useLayoutEffect(() => set(0), [wrap, lines]);
  // eslint-disable-next-line react-hooks/exhaustive-deps -- the same width draws nothing
  React.useLayoutEffect(() => {
    const { scrollWidth, clientWidth } = element.current!;
    if (!wrap && scrollWidth > clientWidth) {
      set(before => Math.max(before, scrollWidth));
    }
  });
  return width;
}
