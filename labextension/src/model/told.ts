import { Throttler } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import type { ApiError } from '../api/http';
import type { IJobChange, Jobs } from './jobs';

const CALM = 300; // milliseconds that several events have in common

/**
 * Something that the service computes: read when somebody looks, and again after what may change it.
 */
export class Told<T> implements IDisposable {
  /**
   * @param changes - Whether what happened to a job changes it, too.
   */
  constructor(
    jobs: Jobs,
    private _ask: () => Promise<T>,
    changes: (change: IJobChange) => boolean = ({ moved }) => moved
  ) {
    jobs.renewed.connect(this.refresh, this);
    jobs.changed.connect(
      (_, change) => changes(change) && this.refresh(),
      this
    );
    jobs.page.connectionChanged.connect(
      (_, { online }) => online && this._error?.away && this.refresh(),
      this
    );
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What was told last; null before that. */
  get value(): T | null {
    return this._value;
  }

  /** Why it could not be read, the last time. */
  get error(): ApiError | null {
    return this._error;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Note that somebody looks, until what this gives is called. */
  watch(): () => void {
    this._watchers++;
    if (this._stale) {
      void this._read();
    }
    return () => {
      this._watchers--;
    };
  }

  /** Read it anew, if anybody looks. */
  refresh(): void {
    this._stale = true;
    if (this._watchers) {
      void this._calmly.invoke();
    }
  }

  dispose(): void {
    this._disposed = true;
    this._calmly.dispose();
    Signal.clearData(this);
  }

  private async _read(): Promise<void> {
    const reading = ++this._readings;
    this._stale = false;
    try {
      const value = await this._ask();
      if (reading !== this._readings) {
        return; // what was asked later is newer
      }
      this._value = value;
      this._error = null;
    } catch (error) {
      this._error = error as ApiError;
      this._stale = true;
    }
    if (!this._disposed) {
      this._changed.emit();
    }
  }

  private _calmly = new Throttler(() => this._read(), {
    limit: CALM,
    edge: 'trailing'
  });
  private _changed = new Signal<this, void>(this);
  private _value: T | null = null;
  private _error: ApiError | null = null;
  private _watchers = 0;
  private _readings = 0;
  private _stale = true;
  private _disposed = false;
}
