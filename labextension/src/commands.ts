import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import { stopIcon, runIcon, deleteIcon } from '@jupyterlab/ui-components';
import type { LabIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ApiError } from './api/http';
import type { Job } from './api/types';
import { pauseIcon, rerunIcon } from './icons';
import type { Jobs } from './model/jobs';
import { paragraphs } from './paragraphs';
import { CommandIDs, DEEDS, type IJobsub } from './tokens';
import { advice, title } from './words';

/** What can be done to jobs that there are. */
interface IDeed {
  id: string;
  icon: LabIcon;
  label: string;
  /** What to do to one of them. */
  act(jobs: Jobs, id: string): Promise<unknown>;
  /** What is lost, if anything is; asked before. */
  question?(jobs: readonly Job[]): { title: string; body: string } | null;
}

/** Those of some jobs to which a command can be done now. */
export function able(command: string, jobs: readonly Job[]): Job[] {
  return jobs.filter(job => job.allowed.includes(DEEDS.get(command)!));
}

/** The jobs that a command is given, or those that are selected. */
function given(
  args: { jobs?: unknown },
  { selection }: IJobsub
): readonly Job[] {
  return (args.jobs as Job[] | undefined) ?? selection.jobs;
}

/** Those of them to which it can be done. */
export function meant(
  command: string,
  args: { jobs?: unknown },
  jobsub: IJobsub
): Job[] {
  return able(command, given(args, jobsub));
}

/** Add a command for everything that can be done to the selected jobs, or to those with the ids that are given. */
export function addCommands(commands: CommandRegistry, jobsub: IJobsub): void {
  const { jobs, selection, trans } = jobsub;
  for (const deed of deeds(trans)) {
    commands.addCommand(deed.id, {
      label: deed.label,
      icon: args => (args.toolbar ? deed.icon : undefined),
      isEnabled: args => meant(deed.id, args, jobsub).length > 0,
      execute: args => perform(deed, jobs, given(args, jobsub), trans),
      describedBy: {
        args: { type: 'object', properties: { jobs: { type: 'array' } } }
      }
    });
  }
  selection.changed.connect(() => {
    for (const id of DEEDS.keys()) {
      commands.hasCommand(id) && commands.notifyCommandChanged(id);
    }
  });
}

async function perform(
  deed: IDeed,
  jobs: Jobs,
  all: readonly Job[],
  trans: TranslationBundle
): Promise<void> {
  const some = able(deed.id, all);
  if (!some.length) {
    return; // by a key
  }
  const question = deed.question?.(some);
  if (question) {
    const left = all.length - some.length;
    const said = [question.body, names(some)];
    if (left) {
      said.push(
        trans._n(
          '1 other that is selected stays as it is.',
          '%1 others that are selected stay as they are.',
          left
        )
      );
    }
    if (!(await confirmed(question.title, said, deed.label, trans))) {
      return;
    }
  }
  const failures = await each(some, ({ id }) => deed.act(jobs, id));
  if (failures.length) {
    const about = names(failures.map(({ job }) => job));
    tellFailure(failures[0].error, deed.label, about);
  }
}

interface IFailure {
  job: Job;
  error: unknown;
}

const AT_ONCE = 4; // requests: the browser has few connections, which others want, too

/** Do something to each of some jobs; give those with which it failed. */
async function each(
  jobs: readonly Job[],
  act: (job: Job) => Promise<unknown>
): Promise<IFailure[]> {
  const left = [...jobs];
  const failures: IFailure[] = [];
  const work = async () => {
    for (let job = left.shift(); job; job = left.shift()) {
      try {
        await act(job);
      } catch (error) {
        failures.push({ job, error });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return failures;
}

const NAMED = 10; // jobs that a question names

function names(jobs: readonly Job[]): string {
  const shown = jobs.slice(0, NAMED).map(title).join(', ');
  return jobs.length > NAMED ? `${shown}, …` : shown;
}

async function confirmed(
  title: string,
  said: string[],
  label: string,
  trans: TranslationBundle
): Promise<boolean> {
  const answer = await showDialog({
    title,
    body: paragraphs(...said),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Back') }),
      Dialog.warnButton({ label })
    ],
    defaultButton: 0
  });
  return answer.button.accept;
}

/** Say in a notification why something could not be done, and what to do. */
export function tellFailure(
  error: unknown,
  label: string,
  about: string
): void {
  const sentence =
    error instanceof ApiError ? advice(error) : (error as Error).message;
  Notification.error(`${label}: ${about}\n${sentence}`, { autoClose: 10000 });
}

function deeds(trans: TranslationBundle): IDeed[] {
  return [
    {
      id: CommandIDs.cancel,
      icon: stopIcon,
      label: trans.__('Cancel'),
      act: (jobs, id) => jobs.act(id, 'cancel'),
      question: chosen => ({
        title: trans._n('Cancel this job?', 'Cancel %1 jobs?', chosen.length),
        body: chosen.some(job => job.started_at)
          ? trans.__('What runs is ended. Logs and what was kept stay.')
          : trans._n('It will not run.', 'They will not run.', chosen.length)
      })
    },
    {
      id: CommandIDs.pause,
      icon: pauseIcon,
      label: trans.__('Pause'),
      act: (jobs, id) => jobs.act(id, 'pause'),
      question: chosen =>
        chosen.some(job => job.started_at)
          ? {
              title: trans._n(
                'Pause this job?',
                'Pause %1 jobs?',
                chosen.length
              ),
              body: trans.__(
                'What runs is ended and gives back what it holds. Resumed, it begins from scratch, in its old place in the queue.'
              )
            }
          : null
    },
    {
      id: CommandIDs.resume,
      icon: runIcon,
      label: trans.__('Resume'),
      act: (jobs, id) => jobs.act(id, 'resume')
    },
    {
      id: CommandIDs.rerun,
      icon: rerunIcon,
      label: trans.__('Rerun'),
      act: (jobs, id) => jobs.rerun(id)
    },
    {
      id: CommandIDs.remove,
      icon: deleteIcon,
      label: trans.__('Delete'),
      act: (jobs, id) => jobs.delete(id),
      question: chosen => ({
        title: trans._n('Delete this job?', 'Delete %1 jobs?', chosen.length),
        body: trans.__(
          'The log, the metrics and what was kept go with it, for good.'
        )
      })
    }
  ];
}
