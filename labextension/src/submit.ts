import { Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';

import type { JobSpec } from './api/types';
import { tellFailure } from './commands';
import { jobsIcon } from './icons';
import { runnable } from './model/files';
import { paragraphs } from './paragraphs';
import { CommandIDs, type IJobsub } from './tokens';

// what a save that the person has stopped is called
const UNWANTED = ['ModalCancelError', 'ModalDuplicateError'];

/** Which files are meant. */
export interface IMeant {
  /** What is open before the person. */
  open(): string | null;
  /** What is selected in the file browser. */
  selected(): string[];
}

/** Add the command that makes a job of what is open, of a path, or of the files that are selected. */
export function addSubmit(
  commands: CommandRegistry,
  jobsub: IJobsub,
  docs: IDocumentManager,
  meant: IMeant
): void {
  const { trans } = jobsub;
  const paths = (args: ReadonlyPartialJSONObject): string[] => {
    if (args.selected) {
      return meant.selected();
    }
    const path = (args.path as string | undefined) ?? meant.open();
    return path === null ? [] : [path];
  };
  const fits = (args: ReadonlyPartialJSONObject) => {
    const found = paths(args);
    return found.length > 0 && found.every(runnable);
  };
  commands.addCommand(CommandIDs.submit, {
    label: args =>
      trans._n('Submit as job', 'Submit as jobs', paths(args).length || 1),
    caption: trans.__('Hand this notebook or script to the queue'),
    icon: jobsIcon,
    isEnabled: fits,
    isVisible: args => !args.selected || fits(args),
    execute: async args => {
      const files = paths(args);
      const submitter = new Submitter(commands, jobsub, docs);
      await (files.length === 1
        ? submitter.one(files[0])
        : submitter.several(files));
    },
    describedBy: {
      args: {
        type: 'object',
        properties: {
          path: { type: 'string', description: trans.__('The file') },
          selected: {
            type: 'boolean',
            description: trans.__('What is selected in the file browser')
          }
        }
      }
    }
  });
}

/** From files to jobs. */
class Submitter {
  constructor(
    private _commands: CommandRegistry,
    private _jobsub: IJobsub,
    private _docs: IDocumentManager
  ) {
    this._trans = _jobsub.trans;
  }

  /** Let the person look at the job before it is made. */
  async one(path: string): Promise<void> {
    const spec = await this._spec(path);
    if (spec) {
      await this._commands.execute(CommandIDs.create, { spec } as any);
    }
  }

  /** Make a job of each. */
  async several(paths: string[]): Promise<void> {
    if (!(await this._confirmed(paths))) {
      return;
    }
    let made = 0;
    for (const path of paths) {
      made += Number(await this._submitted(path));
    }
    if (made) {
      Notification.success(
        this._trans._n('%1 job was submitted', '%1 jobs were submitted', made),
        { actions: [this._show()], autoClose: 10000 }
      );
    }
  }

  private async _submitted(path: string): Promise<boolean> {
    const spec = await this._spec(path);
    try {
      spec && (await this._jobsub.jobs.submit(spec));
      return spec !== null;
    } catch (error) {
      tellFailure(error, this._trans.__('Submit'), PathExt.basename(path));
      return false;
    }
  }

  /** What runs the file as it is now; null if the person goes back, or was told that it can't be. */
  private async _spec(path: string): Promise<JobSpec | null> {
    if (!(await saved(path, this._docs, this._trans))) {
      return null;
    }
    const name = PathExt.basename(path);
    try {
      const spec = await this._jobsub.files.spec(path);
      spec ?? tellElsewhere(name, this._trans);
      return spec;
    } catch (error) {
      tellFailure(error, this._trans.__('Submit'), name);
      return null;
    }
  }

  private async _confirmed(paths: string[]): Promise<boolean> {
    const count = paths.length;
    const answer = await showDialog({
      title: this._trans._n('Submit %1 job?', 'Submit %1 jobs?', count),
      body: paragraphs(
        this._trans.__(
          'Each file becomes a job of its own, in your first group and with its first instance type.'
        ),
        paths.map(path => PathExt.basename(path)).join(', ')
      ),
      buttons: [
        Dialog.cancelButton({ label: this._trans.__('Back') }),
        Dialog.okButton({ label: this._trans.__('Submit') })
      ]
    });
    return answer.button.accept;
  }

  private _show(): Notification.IAction {
    return {
      label: this._trans.__('Show'),
      callback: () => void this._commands.execute(CommandIDs.show)
    };
  }

  private _trans: TranslationBundle;
}

/** Say that the service can't read a file, and what to do. */
export function tellElsewhere(name: string, trans: TranslationBundle): void {
  const message = trans.__(
    '“%1” is on no disk of the Jupyter server. Copy it there, and submit the copy.',
    name
  );
  Notification.error(message, { autoClose: 10000 });
}

/** Save a file if it is open and another than before; where that fails, ask what to do. */
async function saved(
  path: string,
  docs: IDocumentManager,
  trans: TranslationBundle
): Promise<boolean> {
  const widget = docs.findWidget(path, null);
  const context = widget && docs.contextForWidget(widget);
  if (!context?.model.dirty) {
    return true;
  }
  try {
    await context.save();
    return true;
  } catch (error) {
    if (UNWANTED.includes((error as Error).name)) {
      return false;
    }
  }
  const answer = await showDialog({
    title: trans.__('“%1” could not be saved', PathExt.basename(path)),
    body: trans.__('The job would run what was saved last.'),
    buttons: [
      Dialog.cancelButton({ label: trans.__('Back') }),
      Dialog.warnButton({ label: trans.__('Submit what was saved last') })
    ],
    defaultButton: 0
  });
  return answer.button.accept;
}
