import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import { Shown } from '../components/hooks';
import { JobsPanel } from '../components/jobs/JobsPanel';
import { jobsIcon } from '../icons';
import { Chosen } from '../model/chosen';
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
    this._chosen = new Chosen(this._list, _jobsub.jobs);
  }

  dispose(): void {
    this._chosen.dispose();
    this._list.dispose();
    super.dispose();
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._jobsub.jobs.page.start();
    this._show(true);
  }

  protected onBeforeHide(message: Message): void {
    this._show(false);
    super.onBeforeHide(message);
  }

  protected render(): JSX.Element {
    return (
      <Shown.Provider value={this._shown}>
        <JobsPanel
          jobsub={this._jobsub}
          commands={this._commands}
          chosen={this._chosen}
        />
      </Shown.Provider>
    );
  }

  private _show(shown: boolean): void {
    this._shown = this._list.active = shown;
    this.update();
  }

  private _shown = false;
  private _list: JobList;
  private _chosen: Chosen;
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
