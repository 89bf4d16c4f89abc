import {
  ILayoutRestorer,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { CommandRegistry } from '@lumino/commands';
import { Signal, type ISignal } from '@lumino/signaling';
import * as React from 'react';

import { Looking } from '../components/Looking';
import { jobsIcon } from '../icons';
import { OneJob } from '../model/job';
import { bring } from '../place';
import type { ISelected } from '../selection';
import { CommandIDs, IJobsub } from '../tokens';
import { title } from '../words';

/** The page of one job. */
class Content extends Looking {
  constructor(
    jobsub: IJobsub,
    private _commands: CommandRegistry,
    id: string
  ) {
    super(jobsub);
    this.one = new OneJob(jobsub.jobs, id);
    this.one.changed.connect(this._name, this);
    this.title.icon = jobsIcon;
    this._name();
    // what the menus act on is what was used last
    const shown = selected(this.one);
    this.node.addEventListener('focusin', () => jobsub.selection.follow(shown));
  }

  readonly one: OneJob;

  get tab(): string {
    return this._tab;
  }

  set tab(tab: string) {
    this._tab = tab;
    this.update();
    this._tabChanged.emit(tab);
  }

  get tabChanged(): ISignal<this, string> {
    return this._tabChanged;
  }

  dispose(): void {
    this.one.dispose();
    super.dispose();
  }

  protected look(active: boolean): void {
    this.one.active = active;
  }

  protected async load(): Promise<() => JSX.Element> {
    const { JobPage } = await import('../components/job/JobPage');
    return () => (
      <JobPage
        jobsub={this.jobsub}
        commands={this._commands}
        one={this.one}
        active={this.active}
        tab={this._tab}
        choose={tab => {
          this.tab = tab;
        }}
      />
    );
  }

  private _name(): void {
    const { job, id } = this.one;
    this.title.label = job ? title(job) : id;
    this.title.caption = id;
  }

  private _tab = 'information';
  private _tabChanged = new Signal<this, string>(this);
}

function selected(one: OneJob): ISelected {
  return {
    changed: one.changed,
    get jobs() {
      return one.job ? [one.job] : [];
    },
    get isDisposed() {
      return one.isDisposed;
    }
  };
}

type Page = MainAreaWidget<Content>;

export const jobpage: JupyterFrontEndPlugin<void> = {
  id: 'jupyter-jobsub:job-page',
  description: 'A page for each job that is opened.',
  autoStart: true,
  requires: [IJobsub],
  optional: [ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    shared: IJobsub,
    restorer: ILayoutRestorer | null
  ) => {
    const tracker = new WidgetTracker<Page>({ namespace: 'jobsub-job' });
    const opened = (id: string): Page => {
      const found = tracker.find(page => page.content.one.id === id);
      if (found) {
        return found;
      }
      const content = new Content(shared, app.commands, id);
      const page = new MainAreaWidget({ content });
      page.toolbar.hide();
      content.tabChanged.connect(() => void tracker.save(page));
      void tracker.add(page);
      return page;
    };
    app.commands.addCommand(CommandIDs.openJob, {
      label: shared.trans.__('Open Job'),
      isEnabled: args => !!args.id || shared.selection.jobs.length > 0,
      execute: ({ id, tab }) => {
        const page = opened((id as string) ?? shared.selection.jobs[0].id);
        if (tab) {
          page.content.tab = tab as string;
        }
        bring(app.shell, page, shared);
      },
      describedBy: {
        args: {
          type: 'object',
          properties: { id: { type: 'string' }, tab: { type: 'string' } }
        }
      }
    });
    void restorer?.restore(tracker, {
      command: CommandIDs.openJob,
      args: ({ content }) => ({ id: content.one.id, tab: content.tab }),
      name: ({ content }) => content.one.id
    });
  }
};
