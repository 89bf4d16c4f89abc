import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Job } from '../../api/types';
import type { Filter } from '../../model/list';
import { devices, time, title } from '../../words';
import { Phase } from '../Phase';
import { ProgressBar, Timing } from '../jobs/JobRow';

export interface IColumn {
  id: string;
  label: string;
  /** Pixels. */
  width: number;
  /** What the service sorts by; not sortable if missing. */
  sort?: Filter['sort'];
  number?: boolean;
  /** Whether it is shown before the person chooses. */
  usual?: boolean;
  /** Whether a click on it opens the job. */
  opens?: boolean;
  draw(job: Job): React.ReactNode;
}

/** All that a table can show, in its order. */
export function columnsOf(trans: TranslationBundle): IColumn[] {
  const at = (moment: string | null) => moment && time(moment);
  return [
    {
      id: 'phase',
      label: trans.__('Status'),
      width: 116,
      sort: 'phase',
      usual: true,
      draw: job => <Phase phase={job.phase} trans={trans} withWord />
    },
    {
      id: 'name',
      label: trans.__('Job name'),
      width: 220,
      sort: 'name',
      usual: true,
      opens: true,
      draw: title
    },
    {
      id: 'user',
      label: trans.__('User'),
      width: 84,
      sort: 'user',
      usual: true,
      draw: job => job.user
    },
    {
      id: 'group',
      label: trans.__('Group'),
      width: 84,
      sort: 'group',
      usual: true,
      draw: job => job.group
    },
    {
      id: 'timing',
      label: trans.__('Timing'),
      width: 84,
      sort: 'duration',
      number: true,
      usual: true,
      draw: job => <Timing job={job} />
    },
    {
      id: 'id',
      label: trans.__('Id'),
      width: 212,
      sort: 'id',
      usual: true,
      opens: true,
      draw: job => job.id
    },
    {
      id: 'gpus',
      label: trans.__('Devices'),
      width: 80,
      sort: 'gpus',
      number: true,
      usual: true,
      draw: job => devices(job.request)
    },
    {
      id: 'preemptible',
      label: trans.__('Preemptible'),
      width: 112,
      sort: 'preemptible',
      usual: true,
      draw: job => (job.preemptible ? trans.__('Yes') : trans.__('No'))
    },
    {
      id: 'priority',
      label: trans.__('Priority'),
      width: 80,
      sort: 'priority',
      number: true,
      usual: true,
      draw: job => job.priority
    },
    {
      id: 'submitted',
      label: trans.__('Submitted'),
      width: 176,
      sort: 'submitted',
      usual: true,
      draw: job => at(job.queued_at)
    },
    {
      id: 'started',
      label: trans.__('Started'),
      width: 176,
      sort: 'started',
      usual: true,
      draw: job => at(job.started_at)
    },
    {
      id: 'finished',
      label: trans.__('Finished'),
      width: 176,
      sort: 'finished',
      usual: true,
      draw: job => at(job.finished_at)
    },
    {
      id: 'message',
      label: trans.__('Message'),
      width: 280,
      draw: job => job.message
    },
    {
      id: 'progress',
      label: trans.__('Progress'),
      width: 100,
      draw: job => <ProgressBar job={job} trans={trans} />
    },
    {
      id: 'instance_type',
      label: trans.__('Instance type'),
      width: 108,
      draw: job => job.instance_type
    },
    {
      id: 'image',
      label: trans.__('Image'),
      width: 140,
      draw: job => job.image
    },
    {
      id: 'attempt',
      label: trans.__('Attempt'),
      width: 80,
      number: true,
      draw: job => job.attempt
    },
    {
      id: 'sweep',
      label: trans.__('Sweep'),
      width: 140,
      draw: job => job.sweep
    },
    {
      id: 'exit_code',
      label: trans.__('Exit code'),
      width: 80,
      number: true,
      draw: job => job.exit_code
    }
  ];
}
