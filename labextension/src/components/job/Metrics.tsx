import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JobDetail, TaskMetrics } from '../../api/types';
import {
  figures,
  measured,
  metricsOf,
  STEPS,
  times,
  type IFigure,
  type Window
} from '../../model/figures';
import type { Jobs } from '../../model/jobs';
import type { ILogTask } from '../../model/log';
import type { Told } from '../../model/told';
import { time } from '../../words';
import { useImported, useOwned, useTold } from '../hooks';
import { TaskChoice } from '../log/TaskChoice';
import { Chart } from './Chart';
import { Unread } from '../Unread';

interface IProps {
  jobs: Jobs;
  job: JobDetail;
  active: boolean;
  trans: TranslationBundle;
}

/** What a job's tasks used of their machine, charted or as a table, in four windows of time. */
export function Metrics({ jobs, job, active, trans }: IProps): JSX.Element {
  const [window, setWindow] = React.useState<Window>('15m');
  const [task, choose] = React.useState<ILogTask>({});
  const [asTable, setAsTable] = React.useState(false);
  const told = useOwned(
    () => metricsOf(jobs, job.id, { ...task, window }),
    [jobs, job.id, task, window]
  );
  return (
    <div className="jp-Jobsub-metrics">
      <div className="jp-Jobsub-bar">
        <div
          className="jp-Jobsub-choices"
          role="group"
          aria-label={trans.__('Time')}
        >
          {(Object.keys(STEPS) as Window[]).map(one => (
            <button
              key={one}
              className="jp-Jobsub-tab"
              aria-pressed={one === window}
              onClick={() => setWindow(one)}
            >
              {windowName(one, trans)}
            </button>
          ))}
        </div>
        <TaskChoice {...{ job, task, trans, choose }} />
        <label>
          <input
            type="checkbox"
            checked={asTable}
            onChange={event => setAsTable(event.target.checked)}
          />{' '}
          {trans.__('As a table')}
        </label>
      </div>
      {told && <Shown {...{ told, active, asTable, trans }} />}
    </div>
  );
}

interface IShown {
  told: Told<TaskMetrics>;
  active: boolean;
  asTable: boolean;
  trans: TranslationBundle;
}

function Shown({ told, active, asTable, trans }: IShown): JSX.Element {
  useTold(told, active);
  const metrics = told.value;
  const x = React.useMemo(() => (metrics ? times(metrics) : []), [metrics]);
  const all = React.useMemo(
    () => (metrics ? figures(metrics, trans) : []),
    [metrics, trans]
  );
  if (!metrics) {
    return <Unread told={told} trans={trans} />;
  }
  if (!measured(metrics)) {
    return (
      <div className="jp-Jobsub-empty" role="status">
        <h2>{trans.__('Nothing was measured yet')}</h2>
        <p>
          {trans.__(
            'A running task is measured every ten seconds. One that was shorter has no figures.'
          )}
        </p>
      </div>
    );
  }
  if (asTable) {
    return <Table {...{ all, x, trans }} />;
  }
  return <Charts {...{ all, x, trans }} />;
}

interface IFigures {
  all: IFigure[];
  x: number[];
  trans: TranslationBundle;
}

/** The figures as charts; the library that draws them is loaded with the first. */
function Charts({ all, x, trans }: IFigures): JSX.Element {
  const sync = React.useId();
  const plot = useImported(loadPlot, trans);
  if (!plot.value) {
    return <Unread told={plot} trans={trans} />;
  }
  const { Plot } = plot.value;
  return (
    <div className="jp-Jobsub-charts">
      {all.map(figure => (
        <Chart key={figure.name} {...{ figure, x, sync, Plot, trans }} />
      ))}
    </div>
  );
}

const loadPlot = () => import('./plot');

function Table({ all, x, trans }: IFigures): JSX.Element {
  const columns = all.flatMap(({ name, format, lines }) =>
    lines.map(line => ({ ...line, name: `${name}: ${line.name}`, format }))
  );
  const known = x
    .map((at, n) => ({ at, n }))
    .filter(({ n }) => columns.some(({ values }) => values[n] !== null));
  return (
    <div className="jp-Jobsub-wide" tabIndex={0}>
      <table className="jp-Jobsub-table">
        <thead>
          <tr>
            <th scope="col">{trans.__('Time')}</th>
            {columns.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {known.reverse().map(({ at, n }) => (
            <tr key={at}>
              <th scope="row">{time(new Date(at * 1000).toISOString())}</th>
              {columns.map(({ name, values, format }) => (
                <td key={name}>{shown(values[n], format)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function shown(value: number | null, format: IFigure['format']): string {
  return value === null ? '' : format(value);
}

function windowName(window: Window, trans: TranslationBundle): string {
  switch (window) {
    case '15m':
      return trans.__('15 minutes');
    case '1h':
      return trans.__('1 hour');
    case '3h':
      return trans.__('3 hours');
    case 'lifetime':
      return trans.__('Lifetime');
  }
}
