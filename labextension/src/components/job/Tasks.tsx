import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JobDetail, Task } from '../../api/types';
import { time, unmasked } from '../../words';

interface IProps {
  job: JobDetail;
  trans: TranslationBundle;
}

/** The tasks of a job that has several: where each runs, and how it ended. */
export function Tasks({ job, trans }: IProps): JSX.Element | null {
  if (job.tasks.length < 2) {
    return null;
  }
  const at = (text: string | null) => (text ? time(text) : '');
  return (
    <section>
      <h2>{trans.__('Tasks')}</h2>
      <div className="jp-Jobsub-wide" tabIndex={0}>
        <table className="jp-Jobsub-table">
          <thead>
            <tr>
              <th scope="col">{trans.__('Task')}</th>
              <th scope="col">{trans.__('Host')}</th>
              <th scope="col">{trans.__('Ports')}</th>
              <th scope="col">{trans.__('Started')}</th>
              <th scope="col">{trans.__('Finished')}</th>
              <th scope="col">{trans.__('Exit code')}</th>
              <th scope="col">{trans.__('Message')}</th>
            </tr>
          </thead>
          <tbody>
            {job.tasks.map(task => (
              <tr key={taskName(task)}>
                <th scope="row">{taskName(task)}</th>
                <td>{task.host}</td>
                <td>{ports(task)}</td>
                <td>{at(task.started_at)}</td>
                <td>{at(task.finished_at)}</td>
                <td>{task.exit_code}</td>
                <td>{unmasked(task.message)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

/** A task's name among those of its job, such as worker-0. */
export function taskName({ role, index }: Task): string {
  return `${role}-${index}`;
}

function ports(task: Task): string {
  return Object.entries(task.ports)
    .map(([label, numbers]) => `${label} ${numbers.join(', ')}`)
    .join('; ');
}
