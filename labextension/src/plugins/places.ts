import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';

import { CommandIDs, DEEDS, IJobsub } from '../tokens';

const SIDEBAR = 'jupyter-jobsub';
const IN_PALETTE = [
  CommandIDs.submit,
  CommandIDs.create,
  CommandIDs.show,
  CommandIDs.openJobs,
  CommandIDs.openJob,
  CommandIDs.openSweep,
  ...DEEDS.keys()
];

/** Where the commands are found that no schema can name: the palette and the launcher. */
export const places: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-jobsub:places',
  description: 'The commands in the palette and in the launcher.',
  autoStart: true,
  requires: [IJobsub],
  optional: [ICommandPalette, ILauncher],
  activate: (
    app: JupyterFrontEnd,
    { trans }: IJobsub,
    palette: ICommandPalette | null,
    launcher: ILauncher | null
  ) => {
    app.commands.addCommand(CommandIDs.show, {
      label: trans.__('Show the jobs'),
      execute: () => app.shell.activateById(SIDEBAR),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    for (const command of IN_PALETTE) {
      palette?.addItem({ command, category: trans.__('Jobs') });
    }
    launcher?.add({ command: CommandIDs.create });
  }
};
