import { Signal, type ISignal } from '@lumino/signaling';

import type { Job } from './api/types';

/** The jobs that a view has selected, in the order in which it shows them. */
export class Selection {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get jobs(): readonly Job[] {
    return this._jobs;
  }

  set jobs(jobs: readonly Job[]) {
    this._jobs = jobs;
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _jobs: readonly Job[] = [];
}
