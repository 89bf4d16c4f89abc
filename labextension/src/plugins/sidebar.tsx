import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { Looking } from '../components/Looking';
import { jobsIcon } from '../icons';
import { Chosen } from '../model/chosen';
import { keepFilter } from '../model/kept';
import { JobList } from '../model/list';
import { IJobsub } from '../tokens';

const KEPT = 'jupyter-jobsub:sidebar-filter';

/** The panel. */
class Sidebar extends Looking {
  constructor(
    jobsub: IJobsub,
    private _commands: CommandRegistry,
    state: IStateDB | null
  ) {
    super(jobsub);
    this.id = 'jupyter-jobsub';
    this.title.icon = jobsIcon;
    this.title.caption = jobsub.trans.__('Jobs');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', jobsub.trans.__('Jobs'));
    this._list = new JobList(jobsub.jobs, { mine: true });
    this._chosen = new Chosen(this._list, jobsub.jobs);
    this._ready = keepFilter(this._list, KEPT, state);
  }

  dispose(): void {
    this._chosen.dispose();
    this._list.dispose();
    super.dispose();
  }

  protected look(): void {
    void this._ready.then(() => {
      this._list.active = this.active && !this.isDisposed;
    });
  }

  protected async load(): Promise<() => JSX.Element> {
    const { JobsPanel } = await import('../components/jobs/JobsPanel');
    return () => (
      <JobsPanel
        jobsub={this.jobsub}
        commands={this._commands}
        chosen={this._chosen}
      />
    );
  }

  private _list: JobList;
  private _ready: Promise<void>;
  private _chosen: Chosen;
}

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-jobsub:sidebar',
  description: 'The jobs, beside everything else.',
  autoStart: true,
  requires: [IJobsub],
  optional: [ILayoutRestorer, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    shared: IJobsub,
    restorer: ILayoutRestorer | null,
    state: IStateDB | null
  ) => {
    const panel = new Sidebar(shared, app.commands, state);
    app.shell.add(panel, 'left', { rank: 550 });
    restorer?.add(panel, panel.id);
  }
};
