import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { IJobsub } from '../tokens';
import { Boundary } from './Boundary';
import { Shown } from './hooks';

/** A view of jobs that looks while it is visible, and asks for nothing while it isn't. */
export abstract class Looking extends ReactWidget {
  constructor(protected readonly jobsub: IJobsub) {
    super();
    this.addClass('jp-Jobsub');
  }

  /** Whether anybody can see it. */
  protected active = false;

  /** What is drawn. */
  protected abstract draw(): JSX.Element;

  /** Somebody looks, or nobody does any more. */
  protected look(_active: boolean): void {}

  protected render(): JSX.Element {
    return (
      <Shown.Provider value={this.active}>
        <Boundary trans={this.jobsub.trans}>
          {this._looked && this.draw()}
        </Boundary>
      </Shown.Provider>
    );
  }

  protected onAfterAttach(message: Message): void {
    this._look(this.isVisible);
    super.onAfterAttach(message);
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._look(true);
  }

  protected onBeforeHide(message: Message): void {
    this._look(false);
    super.onBeforeHide(message);
  }

  private _look(active: boolean): void {
    if (active) {
      this.jobsub.jobs.page.start();
    }
    this.active = active;
    this._looked ||= active;
    this.look(active);
    this.update();
  }

  private _looked = false; // until then JupyterLab need not wait for what is drawn
}
