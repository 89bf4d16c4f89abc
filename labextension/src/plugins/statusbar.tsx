import type {
  JupyterFrontEnd,
  JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';

import { Standing } from '../components/statusbar/Standing';
import { Mine } from '../model/mine';
import { CommandIDs, IJobsub } from '../tokens';

/** How many of one's jobs run and wait, as long as some do. */
export const statusbar: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-jobsub:statusbar',
  description: 'How many of one’s jobs run and wait, in the status bar.',
  autoStart: true,
  requires: [IJobsub],
  optional: [IStatusBar],
  activate: (
    app: JupyterFrontEnd,
    { jobs, catalog, usage, trans }: IJobsub,
    bar: IStatusBar | null
  ) => {
    if (!bar) {
      return; // Notebook 7 has none
    }
    const mine = new Mine(catalog, usage);
    const item = ReactWidget.create(
      <Standing
        mine={mine}
        trans={trans}
        show={() => void app.commands.execute(CommandIDs.show)}
      />
    );
    item.addClass('jp-mod-highlighted');
    item.addClass('jp-Jobsub-standing');
    bar.registerStatusItem('jupyter-jobsub:statusbar', {
      item,
      align: 'left',
      rank: 4,
      isActive: () => mine.running + mine.waiting > 0,
      activeStateChanged: mine.changed
    });
    // nothing is asked of a service that nobody has needed yet
    const start = () => mine.start();
    jobs.renewed.connect(start);
    jobs.changed.connect(start);
  }
};
