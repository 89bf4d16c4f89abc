import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Job } from '../api/types';
import type { IJobChange, Jobs } from './jobs';
import type { JobList } from './list';

/** Jobs that can be selected at once. */
export const MOST = 1000;

/** Which jobs of a list are selected, by mouse and by keyboard, as in a file browser; and how they are now. */
export class Chosen implements IDisposable {
  constructor(
    readonly list: JobList,
    jobs: Jobs
  ) {
    jobs.changed.connect(this._heard, this);
    list.changed.connect(this._follow, this);
    list.filterChanged.connect(this.clear, this);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The place that the keyboard is at. */
  get at(): number {
    return this._at.index;
  }

  get jobs(): readonly Job[] {
    return [...this._jobs.values()];
  }

  /** How many were to be selected, if that is more than can be. */
  get tooMany(): number | null {
    return this._tooMany;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  has(id: string): boolean {
    return this._jobs.has(id);
  }

  /** Select one job alone; or, as far as here, those from the one that was selected before. */
  go(index: number, extend = false): void {
    if (!this.list.total) {
      return;
    }
    const place = Math.max(0, Math.min(index, this.list.total - 1));
    this._at = this._mark(place);
    if (!extend) {
      this._from = this._at;
    }
    void this._span(this._from.index, place);
  }

  /** Select a job, too, or not any more. */
  toggle(index: number): void {
    const job = this.list.at(index);
    this._at = this._from = this._mark(index);
    if (job) {
      const others = this.jobs.filter(({ id }) => id !== job.id);
      this._choose(this.has(job.id) ? others : [...others, job]);
    }
  }

  /** Select all jobs of the list, or as many as can be. */
  all(): void {
    if (this.list.total) {
      void this._span(0, this.list.total - 1);
    }
  }

  clear(): void {
    this._at = this._from = this._mark(0);
    this._choose([]);
  }

  dispose(): void {
    this._disposed = true;
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private async _span(one: number, other: number): Promise<void> {
    const wanted = Math.abs(other - one) + 1;
    const count = Math.min(wanted, MOST);
    const first = one <= other ? one : one - count + 1;
    const tooMany = wanted > MOST ? wanted : null;
    const loaded = this._loaded(first, count);
    this._choose(loaded ?? [], tooMany);
    if (!loaded) {
      const asked = this._asked;
      // where it can't be read, the list says so
      const jobs = await this.list.from(first, count).catch(() => []);
      if (asked === this._asked && !this._disposed) {
        this._choose(jobs, tooMany);
      }
    }
  }

  private _loaded(first: number, count: number): Job[] | null {
    const jobs = [];
    for (let index = first; index < first + count; index++) {
      const job = this.list.at(index);
      if (!job) {
        return null;
      }
      jobs.push(job);
    }
    return jobs;
  }

  private _choose(jobs: readonly Job[], tooMany: number | null = null): void {
    this._asked++;
    this._jobs = new Map(jobs.map(job => [job.id, job]));
    this._tooMany = tooMany;
    this._changed.emit();
  }

  private _heard(_: Jobs, { id, job }: IJobChange): void {
    if (this._jobs.has(id)) {
      if (job && !this.list.excludes(job)) {
        this._jobs.set(id, job);
      } else {
        this._jobs.delete(id);
      }
      this._changed.emit();
    }
  }

  /** Stay with the jobs when rows come and go, and take them as they were read last. */
  private _follow(): void {
    this._at = this._moved(this._at);
    this._from = this._moved(this._from);
    for (const id of this._jobs.keys()) {
      const place = this.list.place(id);
      if (place !== undefined) {
        this._jobs.set(id, this.list.at(place)!);
      }
    }
    this._changed.emit();
  }

  private _mark(index: number): IMark {
    return { index, id: this.list.at(index)?.id };
  }

  private _moved(mark: IMark): IMark {
    const { index, id } = mark;
    return id === undefined
      ? this._mark(index)
      : { index: this.list.place(id) ?? index, id };
  }

  private _changed = new Signal<this, void>(this);
  private _jobs = new Map<string, Job>();
  private _at: IMark = { index: 0, id: undefined };
  private _from: IMark = { index: 0, id: undefined };
  private _asked = 0;
  private _tooMany: number | null = null;
  private _disposed = false;
}

/** A place, and the job that was there. */
interface IMark {
  index: number;
  id: string | undefined;
}
