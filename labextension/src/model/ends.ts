import { Throttler } from '@lumino/polling';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import type { IChange, Page } from '../api/page';
import type { Job } from '../api/types';
import { FINAL } from '../words';

const TOGETHER = 500; // milliseconds in which several end as one

/** Tells of the person's own jobs that end while the page is there, of several that end together at once. */
export class Ends implements IDisposable {
  /**
   * @param me - Asks who the person is.
   */
  constructor(
    private _page: Page,
    private _me: () => Promise<string>
  ) {
    _page.changed.connect(this._heard, this);
  }

  get ended(): ISignal<this, readonly Job[]> {
    return this._ended;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this._page.changed.disconnect(this._heard, this);
    this._calmly.dispose();
    Signal.clearData(this);
  }

  private async _heard(_: Page, { job, event }: IChange): Promise<void> {
    // what has ended can get another name: that is no second end
    if (event && FINAL.has(event.phase) && event.reason !== 'Edited') {
      if (job.user === (await this._me()) && !this._disposed) {
        this._untold.push(job);
        void this._calmly.invoke();
      }
    }
  }

  private _calmly = new Throttler(
    () => this._ended.emit(this._untold.splice(0)),
    { limit: TOGETHER, edge: 'trailing' }
  );
  private _ended = new Signal<this, readonly Job[]>(this);
  private _untold: Job[] = [];
  private _disposed = false;
}
