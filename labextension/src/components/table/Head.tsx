import { caretDownIcon, caretUpIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Columns } from '../../model/columns';
import type { JobList } from '../../model/list';
import type { IColumn } from './columns';

interface IProps {
  list: JobList;
  columns: Columns;
  shown: readonly IColumn[];
  trans: TranslationBundle;
}

const UPWARDS = ['name', 'id', 'user', 'group', 'phase']; // read from the least
const STEP = 16; // pixels that a key makes wider

/** The names of the columns: a click sorts, an edge that is dragged resizes. */
export function Head({ list, columns, shown, trans }: IProps): JSX.Element {
  const { sort = 'submitted', order } = list.filter;
  return (
    <div className="jp-Jobsub-grid-row" role="row" aria-rowindex={1}>
      {shown.map((column, place) => {
        const sorted = column.sort === sort;
        const up = (order ?? usual(sort)) === 'asc';
        return (
          <div
            key={column.id}
            role="columnheader"
            aria-colindex={place + 1}
            aria-sort={
              sorted ? (up ? 'ascending' : 'descending') : column.sort && 'none'
            }
            data-number={column.number}
          >
            <button
              disabled={!column.sort}
              title={
                column.sort
                  ? trans.__(
                      'Sort by %1. Shift and arrows resize.',
                      column.label
                    )
                  : column.label
              }
              onClick={() => turn(list, column.sort)}
              onKeyDown={event => {
                const steps = { ArrowLeft: -STEP, ArrowRight: STEP };
                const step = steps[event.key as keyof typeof steps];
                if (event.shiftKey && step) {
                  columns.resize(column.id, columns.width(column.id) + step);
                  event.preventDefault();
                }
              }}
            >
              <span>{column.label}</span>
              {sorted && <Arrow up={up} />}
            </button>
            <Edge column={column} columns={columns} />
          </div>
        );
      })}
    </div>
  );
}

function Arrow({ up }: { up: boolean }): JSX.Element {
  const Icon = up ? caretUpIcon : caretDownIcon;
  return <Icon.react tag="span" aria-hidden />;
}

/** What is dragged to make a column wider or narrower. */
function Edge(props: { column: IColumn; columns: Columns }): JSX.Element {
  const { column, columns } = props;
  const from = React.useRef<number | null>(null);
  return (
    <div
      className="jp-Jobsub-grid-edge"
      onPointerDown={event => {
        event.currentTarget.setPointerCapture(event.pointerId);
        from.current = columns.width(column.id) - event.clientX;
        event.preventDefault();
      }}
      onPointerMove={event => {
        if (from.current !== null) {
          columns.resize(column.id, from.current + event.clientX);
        }
      }}
      onPointerUp={() => {
        from.current = null;
      }}
      onDoubleClick={() => columns.resize(column.id, column.width)}
    />
  );
}

/** Sort by a column; by the same again, the other way. */
function turn(list: JobList, sort: IColumn['sort']): void {
  const { sort: before = 'submitted', order = usual(before) } = list.filter;
  const again = order === 'asc' ? 'desc' : 'asc';
  list.filter = {
    ...list.filter,
    sort,
    order: sort === before ? again : usual(sort)
  };
}

function usual(sort: string | undefined): 'asc' | 'desc' {
  return UPWARDS.includes(sort ?? '') ? 'asc' : 'desc';
}
