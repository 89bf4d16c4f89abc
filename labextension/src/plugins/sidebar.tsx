import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { JobsPanel } from '../components/jobs/JobsPanel';
import { Looking } from '../components/Looking';
import { jobsIcon } from '../icons';
import { Chosen } from '../model/chosen';
import { JobList } from '../model/list';
import { IJobsub } from '../tokens';

/** The panel. */
class Sidebar extends Looking {
  constructor(
    jobsub: IJobsub,
    private _commands: CommandRegistry
  ) {
    super(jobsub);
    this.id = 'jupyter-jobsub';
    this.title.icon = jobsIcon;
    this.title.caption = jobsub.trans.__('Jobs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', jobsub.trans.__('Jobs'));
    this._list = new JobList(jobsub.jobs, { mine: true });
    this._chosen = new Chosen(this._list, jobsub.jobs);
  }

  dispose(): void {
    this._chosen.dispose();
    this._list.dispose();
    super.dispose();
  }

  protected look(active: boolean): void {
    this._list.active = active;
  }

  protected draw(): JSX.Element {
    return (
      <JobsPanel
        jobsub={this.jobsub}
        commands={this._commands}
        chosen={this._chosen}
      />
    );
  }

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
