import { Signal, type ISignal } from '@lumino/signaling';
import { UUID } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';

import type { Api, Verb } from '../api/http';
import type { Page } from '../api/page';
import type { Job, JobEdit, JobSpec } from '../api/types';

/** What happened to a job. */
export interface IJobChange {
  id: string;
  /** How it is now; null when it is gone. */
  job: Job | null;
  /** Whether lists may have it in another place, or not any more. */
  moved: boolean;
}

/**
 * The jobs, as all views share them: what the service tells, and what can be done to them.
 *
 * Nothing is asked again but after what the service has told.
 */
export class Jobs implements IDisposable {
  constructor(
    readonly api: Api,
    readonly page: Page
  ) {
    page.changed.connect((_, { job, event }) =>
      this._take(job, event !== null)
    );
    page.deleted.connect((_, id) => this._forget(id));
    page.renewed.connect(() => this._renewed.emit());
  }

  /** A job is new, another than before, or gone. */
  get changed(): ISignal<this, IJobChange> {
    return this._changed;
  }

  /** Anything may have happened meanwhile. */
  get renewed(): ISignal<this, void> {
    return this._renewed;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this.page.dispose();
    Signal.clearData(this);
  }

  /** Submit a job; sent again after a lost answer, it is made once. */
  async submit(spec: JobSpec, key = UUID.uuid4()): Promise<Job> {
    return this._take(await this.api.submit(spec, key), true);
  }

  async rerun(id: string): Promise<Job> {
    return this._take(await this.api.rerun(id, UUID.uuid4()), true);
  }

  async act(id: string, verb: Verb): Promise<Job> {
    return this._take(await this.api.act(id, verb), true);
  }

  async edit(id: string, change: JobEdit): Promise<Job> {
    return this._take(await this.api.edit(id, change), true);
  }

  async delete(id: string): Promise<void> {
    await this.api.delete(id);
    this._forget(id);
  }

  private _take(job: Job, moved: boolean): Job {
    this._changed.emit({ id: job.id, job, moved });
    return job;
  }

  private _forget(id: string): void {
    this._changed.emit({ id, job: null, moved: true });
  }

  private _changed = new Signal<this, IJobChange>(this);
  private _renewed = new Signal<this, void>(this);
  private _disposed = false;
}
