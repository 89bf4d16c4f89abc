import type { IDocumentManager } from '@jupyterlab/docmanager';
import { PathExt } from '@jupyterlab/coreutils';
import { FileDialog } from '@jupyterlab/filebrowser';
import type { Contents } from '@jupyterlab/services';
import type { ITranslator } from '@jupyterlab/translation';

import { tellFailure } from './commands';
import { kindOf } from './model/files';
import { tellElsewhere } from './submit';
import type { IJobsub } from './tokens';

/** What can be looked for. */
export type Browsed = 'notebook' | 'script' | 'folder';

/**
 * Let the person look for something in JupyterLab's own dialog.
 *
 * @param now - The whole path of what is there now, near which the dialog begins.
 * @returns The whole path of what was chosen; null if nothing was, or nothing that a job could use.
 */
export type Browse = (what: Browsed, now: unknown) => Promise<string | null>;

export function browser(
  { files, trans }: IJobsub,
  manager: IDocumentManager,
  translator: ITranslator | undefined
): Browse {
  const { contents } = manager.services;
  const titles: Record<Browsed, string> = {
    notebook: trans.__('Choose a notebook'),
    script: trans.__('Choose a script'),
    folder: trans.__('Choose a folder')
  };

  /** The folder where to begin, if JupyterLab shows it. */
  const near = async (what: Browsed, now: unknown) => {
    const path = typeof now === 'string' ? await files.shown(now) : null;
    const folder = path && (what === 'folder' ? path : PathExt.dirname(path));
    return folder &&
      (await contents.get(folder, { content: false }).catch(() => null))
      ? folder
      : undefined;
  };

  const chosen = async (what: Browsed, now: unknown) => {
    const { button, value } = await FileDialog.getOpenFiles({
      manager,
      translator,
      title: titles[what],
      defaultPath: await near(what, now),
      filter: model => (fits(what, model, true) ? {} : null)
    });
    const [model] = value ?? [];
    return button.accept && model && fits(what, model, false) ? model : null;
  };

  return async (what, now) => {
    try {
      const model = await chosen(what, now);
      const whole = model && (await files.whole(model.path));
      if (model && whole === null) {
        tellElsewhere(model.name, trans);
      }
      return whole && (whole.replace(/\/+$/, '') || '/');
    } catch (error) {
      tellFailure(error, trans.__('Browse'), titles[what]);
      return null;
    }
  };
}

/** Whether something is what is looked for, or is on the way to it. */
function fits(
  what: Browsed,
  { type, path }: Contents.IModel,
  onTheWay: boolean
): boolean {
  return type === 'directory'
    ? onTheWay || what === 'folder'
    : kindOf(path) === what;
}
