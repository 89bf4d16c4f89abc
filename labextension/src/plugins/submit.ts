import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IToolbarWidgetRegistry } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import type { DocumentWidget } from '@jupyterlab/docregistry';
import { IFileBrowserFactory } from '@jupyterlab/filebrowser';
import { ToolbarButton } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Widget } from '@lumino/widgets';

import { jobsIcon } from '../icons';
import { runnable } from '../model/files';
import { addSubmit } from '../submit';
import { CommandIDs, IJobsub } from '../tokens';

const TOOLBARS = ['Notebook', 'Editor'];
const BUTTON = 'jobsub-submit'; // its name in the schema

/** What is open, or is selected in the file browser, becomes a job. */
export const submit: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-jobsub:submit',
  description:
    'What is open, or is selected in the file browser, becomes a job.',
  autoStart: true,
  requires: [IJobsub, IDocumentManager],
  optional: [IFileBrowserFactory, IToolbarWidgetRegistry],
  activate: (
    app: JupyterFrontEnd,
    jobsub: IJobsub,
    docs: IDocumentManager,
    browsers: IFileBrowserFactory | null,
    toolbars: IToolbarWidgetRegistry | null
  ) => {
    addSubmit(app.commands, jobsub, docs, {
      open: () => {
        const widget = app.shell.currentWidget;
        return (widget && docs.contextForWidget(widget)?.path) ?? null;
      },
      selected: () => {
        const items = browsers?.tracker.currentWidget?.selectedItems() ?? [];
        return Array.from(items, ({ path }) => path);
      }
    });
    app.shell.currentChanged?.connect(() =>
      app.commands.notifyCommandChanged(CommandIDs.submit)
    );
    for (const toolbar of TOOLBARS) {
      toolbars?.addFactory(toolbar, BUTTON, (widget: Widget) =>
        button(widget as DocumentWidget, app.commands)
      );
    }
  }
};

/** A button that is there while the document's name is that of something that runs. */
function button(
  { context }: DocumentWidget,
  commands: CommandRegistry
): Widget {
  const made = new ToolbarButton({
    icon: jobsIcon,
    label: commands.label(CommandIDs.submit, { path: context.path }),
    tooltip: commands.caption(CommandIDs.submit),
    onClick: () =>
      void commands.execute(CommandIDs.submit, { path: context.path })
  });
  const show = () => made.setHidden(!runnable(context.path));
  show();
  context.pathChanged.connect(show);
  made.disposed.connect(() => context.pathChanged.disconnect(show));
  return made;
}
