import {
  ILayoutRestorer,
  IRouter,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IStateDB } from '@jupyterlab/statedb';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import { Looking } from '../components/Looking';
import { jobsIcon } from '../icons';
import { Chosen } from '../model/chosen';
import { Columns } from '../model/columns';
import { filterOf, withFilter, withoutFilter } from '../model/link';
import { JobList, type Filter } from '../model/list';
import { bring } from '../place';
import { CommandIDs, IJobsub } from '../tokens';

const ROUTED = 'jobsub:open-jobs-of-address';

/** The table. */
class Table extends Looking {
  constructor(
    jobsub: IJobsub,
    private _commands: CommandRegistry,
    filter: Filter,
    private _state: IStateDB | null
  ) {
    super(jobsub);
    this.node.tabIndex = -1;
    this.title.label = jobsub.trans.__('Jobs');
    this.list = new JobList(jobsub.jobs, filter);
    this._chosen = new Chosen(this.list, jobsub.jobs);
  }

  readonly list: JobList;

  dispose(): void {
    this._chosen.dispose();
    this.list.dispose();
    super.dispose();
  }

  protected onActivateRequest(): void {
    this.node.focus();
    void this.drawn.then(() => {
      if (this.node === document.activeElement) {
        this.node.querySelector<HTMLElement>('[role=grid]')?.focus();
      }
    });
  }

  protected look(active: boolean): void {
    this.list.active = active;
  }

  protected async load(): Promise<() => JSX.Element> {
    const [{ JobsTable }, { columnsOf }] = await Promise.all([
      import('../components/table/JobsTable'),
      import('../components/table/columns')
    ]);
    const all = columnsOf(this.jobsub.trans);
    const columns = new Columns(
      new Map(all.map(({ id, width }) => [id, width])),
      all.filter(({ usual }) => usual).map(({ id }) => id),
      this._state
    );
    void columns.restore();
    return () => (
      <JobsTable
        jobsub={this.jobsub}
        commands={this._commands}
        chosen={this._chosen}
        columns={columns}
        all={all}
      />
    );
  }

  private _chosen: Chosen;
}

export const table: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-jobsub:table',
  description: 'The jobs as a table, whose filters are in the address.',
  autoStart: true,
  requires: [IJobsub],
  optional: [ILayoutRestorer, IRouter, IStateDB],
  activate: (
    app: JupyterFrontEnd,
    jobsub: IJobsub,
    restorer: ILayoutRestorer | null,
    router: IRouter | null,
    state: IStateDB | null
  ) => {
    const { commands, shell } = app;
    const tracker = new WidgetTracker<MainAreaWidget<Table>>({
      namespace: 'jupyter-jobsub-table'
    });
    const made = (filter: Filter) => {
      const widget = inMainArea(new Table(jobsub, commands, filter, state));
      widget.content.list.filterChanged.connect(
        () => void tracker.save(widget)
      );
      void tracker.add(widget);
      router && keepAddress(app, router, widget);
      return widget;
    };
    const sweep = () => jobsub.selection.jobs[0]?.sweep ?? null;
    commands.addCommand(CommandIDs.openJobs, {
      label: jobsub.trans.__('Jobs as a table'),
      caption: jobsub.trans.__('All jobs that you may see, by row and column'),
      execute: args => {
        const filter = args as Filter;
        const open = tracker.currentWidget;
        if (open && Object.keys(args).length) {
          open.content.list.filter = filter;
        }
        bring(shell, open ?? made(filter), jobsub);
      },
      describedBy: { args: ARGS }
    });
    commands.addCommand(CommandIDs.openSweep, {
      label: jobsub.trans.__('Show the Sweep'),
      caption: jobsub.trans.__('The jobs of the same sweep, as a table'),
      isVisible: () => sweep() !== null,
      execute: () => commands.execute(CommandIDs.openJobs, { sweep: sweep() }),
      describedBy: { args: { type: 'object', properties: {} } }
    });
    jobsub.selection.changed.connect(() =>
      commands.notifyCommandChanged(CommandIDs.openSweep)
    );

    void restorer?.restore(tracker, {
      command: CommandIDs.openJobs,
      name: () => 'jobs',
      args: ({ content }) => ({ ...content.list.filter })
    });
    router && openFromAddress(app, router);
  }
};

function inMainArea(content: Table): MainAreaWidget<Table> {
  const widget = new MainAreaWidget({ content });
  widget.toolbar.hide();
  widget.id = 'jupyter-jobsub-table';
  widget.title.label = content.title.label;
  widget.title.icon = jobsIcon;
  widget.title.closable = true;
  return widget;
}

/** Open the table that the address of the page names. */
function openFromAddress(
  { commands, restored }: JupyterFrontEnd,
  router: IRouter
): void {
  commands.addCommand(ROUTED, {
    execute: args => {
      const filter = filterOf((args as IRouter.ILocation).search ?? '');
      // what was open before has its place by then
      filter &&
        void restored.then(() =>
          commands.execute(CommandIDs.openJobs, { ...filter })
        );
    },
    describedBy: { args: { type: 'object', properties: {} } }
  });
  router.register({ command: ROUTED, pattern: /[?&]jobs=/ });
}

/** Have the table's filter in the address of the page while the table is before the person. */
function keepAddress(
  { restored, shell }: JupyterFrontEnd,
  router: IRouter,
  widget: MainAreaWidget<Table>
): void {
  const { list } = widget.content;
  const write = () => {
    const { path, search, hash } = router.current;
    const here = shell.currentWidget === widget && !widget.isDisposed;
    const wanted = here
      ? withFilter(search ?? '', list.filter)
      : withoutFilter(search ?? '');
    if (wanted !== search) {
      const whole = router.base + path.replace(/^\//, '') + wanted + hash;
      router.navigate(whole, { skipRouting: true });
    }
  };
  void restored.then(() => {
    list.filterChanged.connect(write);
    shell.currentChanged?.connect(write);
    widget.disposed.connect(() => {
      shell.currentChanged?.disconnect(write);
      write();
    });
    write();
  });
}

const TEXT = { type: 'string' } as const;
const TEXTS = { type: 'array', items: TEXT } as const;
const ARGS = {
  type: 'object',
  properties: {
    mine: { type: 'boolean' },
    group: TEXTS,
    phase: TEXTS,
    text: TEXT,
    user: TEXT,
    sweep: TEXT,
    sort: TEXT,
    order: TEXT
  }
} as const;
