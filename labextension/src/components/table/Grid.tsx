import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Job } from '../../api/types';
import type { Chosen } from '../../model/chosen';
import type { Columns } from '../../model/columns';
import { useRows } from '../jobs/useRows';
import type { IColumn } from './columns';
import { Head } from './Head';

interface IProps {
  chosen: Chosen;
  columns: Columns;
  shown: readonly IColumn[];
  trans: TranslationBundle;
  used(): void;
  open(id: string): void;
  remove(): void;
}

const ROW = 2.2;
const HEAD = 30; // pixels, as in the style sheet

/** Jobs by row and column, of any number. */
export function Grid(props: IProps): JSX.Element {
  const { chosen, columns, shown, trans } = props;
  const { list } = chosen;
  const rows = useRows({ ...props, em: ROW, head: HEAD });
  const widths = shown.map(({ id }) => columns.width(id));
  const width = widths.reduce((sum, one) => sum + one, 0);
  return (
    <div
      ref={rows.scroller}
      className="jp-Jobsub-grid"
      role="grid"
      aria-label={trans.__('Jobs')}
      aria-multiselectable
      aria-rowcount={list.total === null ? -1 : list.total + 1}
      aria-colcount={shown.length}
      style={
        {
          '--jp-jobsub-columns': widths.map(one => `${one}px`).join(' ')
        } as React.CSSProperties
      }
      {...rows.keys}
    >
      <div className="jp-Jobsub-grid-head" role="rowgroup" style={{ width }}>
        <Head list={list} columns={columns} shown={shown} trans={trans} />
      </div>
      <div
        className="jp-Jobsub-grid-body"
        role="rowgroup"
        style={{ height: rows.height, width }}
      >
        {rows.inSight.map(({ index, start, size }) => (
          <div
            key={index}
            className="jp-Jobsub-row jp-Jobsub-grid-row"
            role="row"
            aria-rowindex={index + 2}
            style={{ transform: `translateY(${start}px)`, height: size }}
            {...rows.row(index)}
          >
            <Cells job={list.at(index)} shown={shown} open={props.open} />
          </div>
        ))}
      </div>
    </div>
  );
}

interface ICells {
  job: Job | undefined;
  shown: readonly IColumn[];
  open(id: string): void;
}

const Cells = React.memo(({ job, shown, open }: ICells) => {
  return (
    <>
      {shown.map((column, place) => {
        const { id, opens, number } = column;
        const content = job && column.draw(job);
        const text = typeof content === 'string' ? content : undefined;
        return (
          <div
            key={id}
            role="gridcell"
            aria-colindex={place + 1}
            data-number={number}
            title={text ?? (id === 'phase' ? job?.message : undefined)}
          >
            {!job && <div className="jp-Jobsub-skeleton" />}
            {job && opens ? (
              <button
                className="jp-Jobsub-link"
                tabIndex={-1}
                onClick={event =>
                  event.ctrlKey || event.metaKey || event.shiftKey
                    ? undefined
                    : open(job.id)
                }
              >
                {content}
              </button>
            ) : (
              content
            )}
          </div>
        );
      })}
    </>
  );
});
