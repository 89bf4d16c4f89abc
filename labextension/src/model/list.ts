import { Signal, type ISignal } from '@lumino/signaling';
import { Throttler } from '@lumino/polling';
import type { IDisposable } from '@lumino/disposable';

import { ApiError } from '../api/http';
import type { Job, JobPage, ListQuery } from '../api/types';
import type { IJobChange, Jobs } from './jobs';

/** Which jobs, in which order; what is of a page is the list's own. */
export type Filter = Omit<ListQuery, 'limit' | 'cursor' | 'offset'>;

const PAGE = 100; // jobs that are read at once
const PAGES = 20; // that are kept
const CALM = 1000; // milliseconds between two readings that events ask for

/**
 * Jobs of one filter in one order, of which only the pages that are looked at are read.
 *
 * While nobody looks (`active` is false) it asks for nothing.
 */
export class JobList implements IDisposable {
  constructor(
    private _jobs: Jobs,
    private _filter: Filter
  ) {
    _jobs.changed.connect(this._heard, this);
    _jobs.renewed.connect(this.refresh, this);
  }

  /** Something that is shown is another than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get filter(): Filter {
    return this._filter;
  }

  set filter(filter: Filter) {
    if (JSON.stringify(filter) !== JSON.stringify(this._filter)) {
      this._filter = filter;
      this._generation++;
      this._pages.clear();
      this._total = null;
      this._load();
    }
  }

  /** Whether anybody looks. */
  set active(active: boolean) {
    this._active = active;
    if (active && this._stale) {
      this._load();
    }
  }

  /** How many there are; null before that is known. */
  get total(): number | null {
    return this._total;
  }

  /** Whether it is being read for the first time. */
  get loading(): boolean {
    return this._total === null && !this._error;
  }

  /** Why it could not be read, the last time. */
  get error(): ApiError | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** The job in a place from the top, if it has been read. */
  at(index: number): Job | undefined {
    return this._pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Say which places are looked at, so that they are read. */
  look(first: number, last: number): void {
    this._first = Math.floor(first / PAGE);
    this._last = Math.floor(last / PAGE);
    for (let page = this._first; page <= this._last; page++) {
      if (!this._pages.has(page)) {
        void this._read(page);
      }
    }
  }

  /** Read anew what is looked at. */
  refresh(): void {
    this._stale = true;
    if (this._active) {
      void this._calmly.invoke();
    }
  }

  dispose(): void {
    this._disposed = true;
    this._calmly.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _heard(_: Jobs, { id, job, moved }: IJobChange): void {
    for (const rows of this._pages.values()) {
      const index = rows.findIndex(row => row.id === id);
      if (index >= 0 && job) {
        rows[index] = job;
        this._changed.emit();
      }
    }
    if (moved) {
      this.refresh();
    }
  }

  private _load(): void {
    this._stale = false;
    this._changed.emit();
    for (let page = this._first; page <= this._last; page++) {
      void this._read(page);
    }
  }

  private async _read(page: number): Promise<void> {
    if (this._reading.has(page) || !this._active) {
      this._stale = true;
      return;
    }
    const generation = this._generation;
    this._reading.add(page);
    try {
      const offset = page * PAGE;
      const query = { ...this._filter, limit: PAGE, offset };
      const found = await this._jobs.api.list(query);
      if (generation === this._generation) {
        this._keep(page, found);
      }
    } catch (error) {
      this._error = error as ApiError;
    } finally {
      this._reading.delete(page);
    }
    if (!this._disposed) {
      this._changed.emit();
      if (this._stale || generation !== this._generation) {
        this.refresh();
      }
    }
  }

  private _keep(page: number, found: JobPage): void {
    this._error = null;
    this._pages.delete(page);
    this._pages.set(page, [...found.items]);
    // a text that is searched for is counted as far as it is read
    const read = page * PAGE + found.items.length;
    this._total = found.total ?? read + (found.next ? PAGE : 0);
    for (const old of this._pages.keys()) {
      if (this._pages.size > PAGES && (old < this._first || old > this._last)) {
        this._pages.delete(old);
      }
    }
  }

  private _calmly = new Throttler(() => this._load(), {
    limit: CALM,
    edge: 'trailing'
  });
  private _changed = new Signal<this, void>(this);
  private _pages = new Map<number, Job[]>();
  private _reading = new Set<number>();
  private _generation = 0;
  private _first = 0;
  private _last = 0;
  private _total: number | null = null;
  private _error: ApiError | null = null;
  private _active = false;
  private _stale = true;
  private _disposed = false;
}
