import { HTMLSelect } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JobDetail } from '../../api/types';
import type { ILogTask } from '../../model/log';

interface IProps {
  job: JobDetail;
  task: ILogTask;
  trans: TranslationBundle;
  choose(task: ILogTask): void;
}

/** Which task's log, and of which attempt, where there are several. */
export function TaskChoice(props: IProps): JSX.Element {
  const { job, task, trans, choose } = props;
  const tasks = [
    ...new Set(job.tasks.map(({ role, index }) => `${role}/${index}`))
  ];
  const attempts = Array.from(
    { length: job.attempt },
    (_, n) => job.attempt - n
  );
  return (
    <>
      {tasks.length > 1 && (
        <HTMLSelect
          aria-label={trans.__('Task')}
          value={task.role ? `${task.role}/${task.task}` : tasks[0]}
          options={tasks.map(value => ({
            value,
            label: value.replace('/', ' ')
          }))}
          onChange={event => {
            const [role, index] = event.target.value.split('/');
            choose({ ...task, role, task: Number(index) });
          }}
        />
      )}
      {attempts.length > 1 && (
        <HTMLSelect
          aria-label={trans.__('Attempt')}
          value={task.attempt ?? ''}
          options={[
            { value: '', label: trans.__('Newest attempt') },
            ...attempts.map(n => ({
              value: n,
              label: trans.__('Attempt %1', n)
            }))
          ]}
          onChange={event =>
            choose({
              ...task,
              attempt: Number(event.target.value) || undefined
            })
          }
        />
      )}
    </>
  );
}
