import { Signal, type ISignal } from '@lumino/signaling';
import { Throttler } from '@lumino/polling';
import type { IDisposable } from '@lumino/disposable';

import { ApiError } from '../api/http';
import type { Job, JobPage, ListQuery } from '../api/types';
import { FINAL } from '../words';
import type { IJobChange, Jobs } from './jobs';

/** Which jobs, in which order; what is of a page is the list's own. */
export type Filter = Omit<ListQuery, 'limit' | 'cursor' | 'offset'>;

const PAGE = 50; // jobs that are read at once: some more than a screen has
const PAGES = 40; // that are kept
const CALM = 300; // milliseconds that events have in common
const AT_ONCE = 500; // jobs that the service gives at most

interface IPage {
  rows: Job[];
  /** The refresh after which it was read. */
  round: number;
}

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
    _jobs.page.connectionChanged.connect(this._connected, this);
  }

  /** Something that is shown is another than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** It lists other jobs, or in another order. */
  get filterChanged(): ISignal<this, Filter> {
    return this._filterChanged;
  }

  get filter(): Filter {
    return this._filter;
  }

  set filter(filter: Filter) {
    if (JSON.stringify(filter) !== JSON.stringify(this._filter)) {
      this._filter = filter;
      this._generation++;
      this._pages.clear();
      this._places = null;
      this._total = null;
      this._error = null;
      this._first = this._last = 0;
      this._filterChanged.emit(filter);
      this._changed.emit();
      void this._read();
    }
  }

  /** Whether anybody looks. */
  set active(active: boolean) {
    this._active = active;
    if (active && this._stale) {
      this._stale = false;
      this._round++;
    }
    void this._read();
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

  /** Whether a job stays where it is, but for those that come and go before it. */
  get steady(): boolean {
    const { phase, text, sort } = this._filter;
    return !phase?.length && !text && (!sort || STEADY.has(sort));
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** The job in a place from the top, if it has been read. */
  at(index: number): Job | undefined {
    return this._pages.get(Math.floor(index / PAGE))?.rows[index % PAGE];
  }

  /** Where a job is, if it has been read. */
  place(id: string): number | undefined {
    if (!this._places) {
      this._places = new Map();
      for (const [page, { rows }] of this._pages) {
        rows.forEach((job, n) => this._places?.set(job.id, page * PAGE + n));
      }
    }
    return this._places.get(id);
  }

  /** Whether a job has left the list by what has become of it. */
  excludes({ phase }: Job): boolean {
    const wanted: readonly string[] = this._filter.phase ?? [];
    const unfinished = wanted.includes('unfinished') && !FINAL.has(phase);
    return wanted.length > 0 && !wanted.includes(phase) && !unfinished;
  }

  /** Say which places are looked at, so that they are read. */
  look(first: number, last: number): void {
    this._first = Math.floor(first / PAGE);
    this._last = Math.floor(last / PAGE);
    void this._read();
  }

  /** Give so many jobs from a place on, which are read if they haven't been. */
  async from(first: number, count: number): Promise<Job[]> {
    const found: Job[] = [];
    while (found.length < count) {
      const job = this.at(first + found.length);
      if (job) {
        found.push(job);
        continue;
      }
      const { items } = await this._ask(
        first + found.length,
        Math.min(count - found.length, AT_ONCE)
      );
      if (!items.length) {
        break;
      }
      found.push(...items);
    }
    return found;
  }

  /** Read anew what is looked at. */
  refresh(): void {
    if (this._active) {
      void this._calmly.invoke();
    } else {
      this._stale = true;
    }
  }

  dispose(): void {
    this._disposed = true;
    this._active = false;
    this._calmly.dispose();
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _heard(_: Jobs, { id, job, moved }: IJobChange): void {
    const place = this.place(id);
    if (place !== undefined && job) {
      this._pages.get(Math.floor(place / PAGE))!.rows[place % PAGE] = job;
      this._changed.emit();
    }
    // what is being read may be older than what was just told
    const stays = place !== undefined && job && this.steady && !this._reads;
    if (moved && !stays) {
      this.refresh();
    }
  }

  private _connected(): void {
    if (this._error && this._jobs.page.connection.online) {
      this.refresh();
    }
  }

  /** Read what is looked at and isn't there as it is now; one reading of a filter at a time. */
  private async _read(): Promise<void> {
    const missing = this._missing();
    if (this._reads || !this._active || !missing.length) {
      return;
    }
    const [generation, round] = [this._generation, this._round];
    let found: JobPage[] = [];
    let failure: ApiError | null = null;
    this._reading = generation;
    try {
      found = await Promise.all(
        missing.map(page => this._ask(page * PAGE, PAGE))
      );
    } catch (error) {
      failure = error as ApiError;
    }
    if (generation !== this._generation || this._disposed) {
      return; // nobody waits for it
    }
    this._reading = null;
    found.forEach((one, n) => this._keep(missing[n], one, round));
    this._error = failure;
    this._changed.emit();
    if (!failure) {
      void this._read();
    }
  }

  private get _reads(): boolean {
    return this._reading === this._generation;
  }

  private _missing(): number[] {
    const end = this._total === null ? 0 : Math.ceil(this._total / PAGE) - 1;
    const pages = [];
    const last = Math.max(0, Math.min(this._last, end));
    for (let page = Math.min(this._first, last); page <= last; page++) {
      if (this._pages.get(page)?.round !== this._round) {
        pages.push(page);
      }
    }
    return pages;
  }

  private _ask(offset: number, limit: number): Promise<JobPage> {
    return this._jobs.api.list({ ...this._filter, limit, offset });
  }

  private _keep(page: number, found: JobPage, round: number): void {
    this._pages.delete(page);
    this._pages.set(page, { rows: [...found.items], round });
    this._places = null;
    this._total = found.total ?? page * PAGE + found.items.length;
    for (const old of this._pages.keys()) {
      if (this._pages.size > PAGES && (old < this._first || old > this._last)) {
        this._pages.delete(old);
      }
    }
  }

  private _calmly = new Throttler(
    () => {
      this._round++;
      return this._read();
    },
    { limit: CALM, edge: 'trailing' }
  );
  private _changed = new Signal<this, void>(this);
  private _filterChanged = new Signal<this, Filter>(this);
  private _pages = new Map<number, IPage>();
  private _places: Map<string, number> | null = null;
  private _generation = 0;
  private _reading: number | null = null; // the generation
  private _round = 0;
  private _first = 0;
  private _last = 0;
  private _total: number | null = null;
  private _error: ApiError | null = null;
  private _active = false;
  private _stale = false;
  private _disposed = false;
}

/** What never becomes another for a job. */
const STEADY: ReadonlySet<string> = new Set([
  'submitted',
  'id',
  'user',
  'group'
]);
