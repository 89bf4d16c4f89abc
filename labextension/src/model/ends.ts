import { Signal, type ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import type { IChange, Page } from '../api/page';
import type { Job } from '../api/types';
import { FINAL } from '../words';

/** Tells of each of the person's own jobs that ends while the page is there. */
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

  get ended(): ISignal<this, Job> {
    return this._ended;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this._page.changed.disconnect(this._heard, this);
    Signal.clearData(this);
  }

  private async _heard(_: Page, { job, event }: IChange): Promise<void> {
    // what has ended can get another name: that is no second end
    if (event && FINAL.has(event.phase) && event.reason !== 'Edited') {
      if (job.user === (await this._me())) {
        this._ended.emit(job);
      }
    }
  }

  private _ended = new Signal<this, Job>(this);
  private _disposed = false;
}
