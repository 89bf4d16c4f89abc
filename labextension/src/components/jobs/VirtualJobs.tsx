import * as React from 'react';

import type { Job } from '../../api/types';
import type { Chosen } from '../../model/chosen';
import { useRows } from './useRows';

interface IProps {
  chosen: Chosen;
  label: string;
  draw(job: Job): React.ReactNode;
  used(): void;
  open(id: string): void;
  remove(): void;
}

const ROW = 4.8; // three lines and a bar

/** A list of jobs of any length; one or many can be selected. */
export function VirtualJobs(props: IProps): JSX.Element {
  const { list } = props.chosen;
  const rows = useRows({ ...props, em: ROW });
  return (
    <div
      ref={rows.scroller}
      className="jp-Jobsub-list"
      role="listbox"
      aria-label={props.label}
      aria-multiselectable
      {...rows.keys}
    >
      <div role="presentation" style={{ height: rows.height }}>
        {rows.inSight.map(({ index, start, size }) => {
          const job = list.at(index);
          return (
            <div
              key={index}
              className="jp-Jobsub-row"
              role="option"
              aria-setsize={list.total ?? -1}
              aria-posinset={index + 1}
              style={{ transform: `translateY(${start}px)`, height: size }}
              {...rows.row(index)}
            >
              {job ? props.draw(job) : <Skeleton />}
            </div>
          );
        })}
      </div>
    </div>
  );
}

function Skeleton(): JSX.Element {
  return (
    <div className="jp-Jobsub-row-text" aria-hidden>
      <div className="jp-Jobsub-skeleton" />
      <div className="jp-Jobsub-skeleton" />
    </div>
  );
}
