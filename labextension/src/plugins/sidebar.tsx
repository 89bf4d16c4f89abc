import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { JobsPanel } from '../components/jobs/JobsPanel';
import { jobsIcon } from '../icons';
import { JobList } from '../model/list';
import { IJobsub } from '../tokens';

/** The panel, which reads nothing before it is looked at. */
class Sidebar extends ReactWidget {
  constructor(
    private _jobsub: IJobsub,
    private _commands: CommandRegistry
  ) {
    super();
    this.id = 'jupyter-jobsub';
    this.addClass('jp-Jobsub');
    this.title.icon = jobsIcon;
    this.title.caption = _jobsub.trans.__('Jobs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', _jobsub.trans.__('Jobs'));
    this._list = new JobList(_jobsub.jobs, { mine: true });
  }

  dispose(): void {
    this._list.dispose();
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._jobsub.jobs.page.start();
    this._list.active = true;
  }

  protected onBeforeHide(message: Message): void {
    this._list.active = false;
    super.onBeforeHide(message);
  }

  protected render(): JSX.Element {
    return (
      <JobsPanel
        jobsub={this._jobsub}
        commands={this._commands}
        list={this._list}
      />
    );
  }

  private _list: JobList;
}

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-jobsub:sidebar',
  description: 'The jobs, beside everything else.',
  autoStart: true,
  requires: [IJobsub],
  optional: [ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    shared: IJobsub,
    restorer: ILayoutRestorer | null
  ) => {
    const panel = new Sidebar(shared, app.commands);
    app.shell.add(panel, 'left', { rank: 550 });
    restorer?.add(panel, panel.id);
  }
};
