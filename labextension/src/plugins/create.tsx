import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import {
  MainAreaWidget,
  Notification,
  WidgetTracker
} from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IDocumentManager } from '@jupyterlab/docmanager';
import type { Contents } from '@jupyterlab/services';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator } from '@jupyterlab/translation';
import { copyIcon } from '@jupyterlab/ui-components';
import { UUID } from '@lumino/coreutils';

import type { Job } from '../api/types';
import { browser } from '../browse';
import { meant } from '../commands';
import { CreatePanel } from '../components/create/CreatePanel';
import { jobsIcon } from '../icons';
import type { IBeginning, ISurroundings } from '../model/creation';
import type { Files } from '../model/files';
import { bring } from '../place';
import { CommandIDs, IJobsub } from '../tokens';
import { title } from '../words';

export const create: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-jobsub:create',
  description: 'Making a job, as a form or as text.',
  autoStart: true,
  requires: [IJobsub, IEditorServices],
  optional: [IStateDB, ILayoutRestorer, IDocumentManager, ITranslator],
  activate: (
    app: JupyterFrontEnd,
    jobsub: IJobsub,
    editors: IEditorServices,
    state: IStateDB | null,
    restorer: ILayoutRestorer | null,
    docs: IDocumentManager | null,
    translator: ITranslator | null
  ) => {
    const { commands, shell } = app;
    const { trans, jobs, files } = jobsub;
    const tracker = new WidgetTracker<MainAreaWidget<CreatePanel>>({
      namespace: 'jupyter-jobsub-create'
    });
    const around: ISurroundings = {
      jobs,
      state,
      trans,
      begin: async () => {
        const { root, environment } = await files.server;
        return { working_dir: root ?? undefined, environment };
      },
      notebook: path => read(path, files, app.serviceManager.contents)
    };
    const browse = docs && browser(jobsub, docs, translator ?? undefined);
    const submitted = (job: Job) => {
      Notification.success(trans.__('Submitted: %1', title(job)), {
        autoClose: 5000
      });
      if (commands.hasCommand(CommandIDs.openJob)) {
        void commands.execute(CommandIDs.openJob, { id: job.id });
      }
    };

    commands.addCommand(CommandIDs.create, {
      label: trans.__('Create a Job'),
      caption: trans.__('Say what is to run, where and how long.'),
      icon: args => (args.palette ? undefined : jobsIcon),
      execute: (args: IBeginning & { id?: string }) => {
        const panel = new CreatePanel(
          { spec: args.spec, from: args.from },
          { jobsub, editors, around, browse, submitted }
        );
        const widget = new MainAreaWidget({ content: panel });
        widget.toolbar.hide();
        widget.id = args.id ?? `jobsub-create-${UUID.uuid4()}`;
        void tracker.add(widget);
        panel.creation.changed.connect(() => void tracker.save(widget));
        bring(shell, widget, jobsub);
        return widget;
      },
      describedBy: {
        args: {
          type: 'object',
          properties: {
            spec: { type: 'object' },
            from: { type: 'string' },
            id: { type: 'string' }
          }
        }
      }
    });

    commands.addCommand(CommandIDs.clone, {
      label: trans.__('Clone'),
      icon: args => (args.toolbar ? copyIcon : undefined),
      isEnabled: args => meant(CommandIDs.clone, args, jobsub).length > 0,
      execute: async args => {
        for (const { id } of meant(CommandIDs.clone, args, jobsub)) {
          await commands.execute(CommandIDs.create, { from: id });
        }
      },
      describedBy: {
        args: { type: 'object', properties: { jobs: { type: 'array' } } }
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.create,
      name: widget => widget.id,
      // by its name the layout finds it again
      args: widget => ({ ...widget.content.creation.again, id: widget.id })
    });
  }
};

/** Read a notebook that JupyterLab shows; null where it can't be read. */
async function read(
  whole: string,
  files: Files,
  contents: Contents.IManager
): Promise<object | null> {
  try {
    const path = await files.shown(whole);
    const options: Contents.IFetchOptions = { type: 'notebook', content: true };
    return path && (await contents.get(path, options)).content;
  } catch {
    return null; // it is looked at again by the service
  }
}
