import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { Notification } from '@jupyterlab/apputils';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { Job } from '../api/types';
import { Ends } from '../model/ends';
import { CommandIDs, IJobsub } from '../tokens';
import { PHASES, phaseWord, title } from '../words';

const SETTINGS = 'jupyter-jobsub:jobs';
const SHOWN = 10000; // milliseconds; then it is in the notification center

/** Of which ends the person wants to be told. */
type Wanted = 'all' | 'failures' | 'off';

/** Tells when one of the person's jobs has ended. */
export const notifications: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-jobsub:notifications',
  description: 'Tells when one of the person’s jobs has ended.',
  autoStart: true,
  requires: [IJobsub],
  optional: [ISettingRegistry],
  activate: (
    app: JupyterFrontEnd,
    { jobs, catalog, trans }: IJobsub,
    registry: ISettingRegistry | null
  ) => {
    let wanted: Wanted = 'all';
    void registry?.load(SETTINGS).then(settings => {
      const read = () => {
        wanted = settings.get('notifications').composite as Wanted;
      };
      read();
      settings.changed.connect(read);
    });
    const me = async () => (catalog.value ?? (await jobs.api.catalog())).user;
    new Ends(jobs.page, me).ended.connect((_, ended) => {
      const some = ended.filter(
        job => wanted === 'all' || (wanted === 'failures' && failed(job))
      );
      if (some.length > 1) {
        tellTogether(some, app.commands, trans);
      } else {
        some.forEach(job => tell(job, app.commands, trans));
      }
    });
  }
};

const failed = (job: Job) => job.phase === 'Failed';

function tell(
  job: Job,
  commands: CommandRegistry,
  trans: TranslationBundle
): void {
  const say = {
    Succeeded: Notification.success,
    Failed: Notification.error
  }[job.phase as string];
  (say ?? Notification.info)(sentence(job, trans), {
    autoClose: SHOWN,
    actions: actions(job, commands, trans)
  });
}

/** Tell of several jobs in one. */
function tellTogether(
  ended: readonly Job[],
  commands: CommandRegistry,
  trans: TranslationBundle
): void {
  const say = ended.some(failed) ? Notification.error : Notification.info;
  say(together(ended, trans), {
    autoClose: SHOWN,
    actions: [
      {
        label: trans.__('Open'),
        callback: () =>
          void commands.execute(CommandIDs.openJobs, { mine: true })
      }
    ]
  });
}

/** How several jobs have ended. */
function together(ended: readonly Job[], trans: TranslationBundle): string {
  const counts = PHASES.map(phase => ({
    phase,
    count: ended.filter(job => job.phase === phase).length
  })).filter(({ count }) => count);
  return [
    trans._n('%1 job has ended.', '%1 jobs have ended.', ended.length),
    ...counts.map(({ phase, count }) => `${phaseWord(phase, trans)}: ${count}`)
  ].join('\n');
}

/** How a job has ended. */
export function sentence(job: Job, trans: TranslationBundle): string {
  switch (job.phase) {
    case 'Succeeded':
      return trans.__('Job “%1” has succeeded.', title(job));
    case 'Failed':
      return [trans.__('Job “%1” has failed.', title(job)), why(job, trans)]
        .filter(Boolean)
        .join('\n');
    default:
      return trans.__('Job “%1” was cancelled.', title(job));
  }
}

function why(job: Job, trans: TranslationBundle): string {
  const code = job.exit_code;
  return job.message || (code === null ? '' : trans.__('Exit code %1.', code));
}

function actions(
  job: Job,
  commands: CommandRegistry,
  trans: TranslationBundle
): Notification.IAction[] {
  const action = (label: string, id: string, args: object) => ({
    label,
    callback: () => void commands.execute(id, args as ReadonlyPartialJSONObject)
  });
  return [
    action(trans.__('Open'), CommandIDs.openJob, { id: job.id }),
    action(trans.__('Logs'), CommandIDs.openJob, { id: job.id, tab: 'logs' }),
    action(trans.__('Rerun'), CommandIDs.rerun, { jobs: [job] })
  ];
}
