import { Signal, type ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import type { ApiError } from '../api/http';
import type {
  Artifacts,
  Job,
  JobDetail,
  JobSpec,
  Timeline
} from '../api/types';
import type { IJobChange, Jobs } from './jobs';
import { Told } from './told';

/**
 * One job, as its page shows it: read when somebody looks, and again when something happened to it.
 */
export class OneJob implements IDisposable {
  constructor(
    readonly jobs: Jobs,
    readonly id: string
  ) {
    const { api } = jobs;
    const moved = (change: IJobChange) =>
      change.id === id && change.moved && change.job !== null;
    this._detail = new Told(jobs, () => api.job(id), moved);
    this.timeline = new Told(jobs, () => api.timeline(id), moved);
    this.spec = new Told(jobs, () => api.spec(id), moved);
    this.artifacts = new Told(jobs, () => api.artifacts(id), moved);
    this._detail.changed.connect(this._read, this);
    jobs.changed.connect(this._heard, this);
  }

  readonly timeline: Told<Timeline>;
  readonly spec: Told<JobSpec>;
  readonly artifacts: Told<Artifacts>;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** How it is now; null before that is known. */
  get job(): JobDetail | null {
    return this._job;
  }

  /** Whether it was deleted, or never was. */
  get gone(): boolean {
    return this._gone || this.error?.status === 404;
  }

  /** Why it could not be read, the last time. */
  get error(): ApiError | null {
    return this._detail.error;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Whether anybody looks. */
  set active(active: boolean) {
    if (active && !this._unwatch) {
      this._unwatch = this._detail.watch();
    } else if (!active) {
      this._unwatch?.();
      this._unwatch = null;
    }
    this._attend();
  }

  /** Read it anew. */
  refresh(): void {
    this._detail.refresh();
  }

  dispose(): void {
    this.active = false;
    this._disposed = true;
    for (const told of [
      this._detail,
      this.timeline,
      this.spec,
      this.artifacts
    ]) {
      told.dispose();
    }
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _read(): void {
    this._show(this._detail.value ?? this._job);
  }

  private _heard(_: Jobs, { id, job }: IJobChange): void {
    if (id !== this.id) {
      return;
    }
    this._gone = job === null;
    this._update(job);
  }

  /** Take what a row says of it, or that it is gone. */
  private _update(row: Job | null): void {
    this._show(row && this._job ? { ...this._job, ...row } : this._job);
  }

  private _show(job: JobDetail | null): void {
    this._job = job;
    this._attend();
    this._changed.emit();
  }

  /** What a job waits for changes with other jobs: who follows it by its name is told. */
  private _attend(): void {
    const waits = this._unwatch !== null && this._job?.phase === 'Pending';
    if (waits && !this._following) {
      this._following = this.jobs.page.follow(
        { job: this.id, tail: 0 },
        {
          write: () => undefined,
          job: job => this._update(job),
          end: job => this._update(job),
          refused: () => undefined
        }
      );
    } else if (!waits) {
      this._following?.dispose();
      this._following = null;
    }
  }

  private _changed = new Signal<this, void>(this);
  private _detail: Told<JobDetail>;
  private _job: JobDetail | null = null;
  private _unwatch: (() => void) | null = null;
  private _following: IDisposable | null = null;
  private _gone = false;
  private _disposed = false;
}
