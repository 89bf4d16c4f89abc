import { ReactWidget } from '@jupyterlab/ui-components';
import { PromiseDelegate } from '@lumino/coreutils';
import { MessageLoop, type Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import * as React from 'react';

import { unloaded, type ApiError } from '../api/http';
import type { IJobsub } from '../tokens';
import { Boundary } from './Boundary';
import { Shown } from './hooks';
import { Unread } from './Unread';

/** A view of jobs that looks while it is visible, and asks for nothing while it isn't. */
export abstract class Looking extends ReactWidget {
  constructor(protected readonly jobsub: IJobsub) {
    super();
    this.addClass('jp-Jobsub');
    jobsub.jobs.page.connectionChanged.connect(this._loadIfMissing, this);
  }

  /** Whether anybody can see it. */
  protected active = false;

  /** Import what draws it, when it is first looked at: JupyterLab need not wait for that. */
  protected abstract load(): Promise<() => JSX.Element>;

  /** Settles when it has been drawn for the first time. */
  protected get drawn(): Promise<void> {
    return this._drawn.promise;
  }

  /** Somebody looks, or nobody does any more. */
  protected look(_active: boolean): void {}

  protected render(): JSX.Element {
    const { trans } = this.jobsub;
    return (
      <Shown.Provider value={this.active}>
        <Boundary trans={trans}>
          {this._draw?.() ??
            (this._loading && <Unread told={this._loading} trans={trans} />)}
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
    this.look(active);
    this._loadIfMissing();
    this.update();
  }

  private _loadIfMissing(): void {
    if (this.active && (!this._loading || this._loading.error)) {
      void this._load();
    }
  }

  private async _load(): Promise<void> {
    const refresh = () => void this._load();
    this._loading = { error: null, refresh };
    this.update();
    try {
      this._draw = await this.load();
      if (this.isDisposed) {
        return;
      }
      MessageLoop.sendMessage(this, Widget.Msg.UpdateRequest);
      await this.renderPromise;
      this._drawn.resolve();
    } catch {
      this._loading = { error: unloaded(this.jobsub.trans), refresh };
      this.update();
    }
  }

  private _draw: (() => JSX.Element) | null = null;
  private _loading: { error: ApiError | null; refresh(): void } | null = null;
  private _drawn = new PromiseDelegate<void>();
}
