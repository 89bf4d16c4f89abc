import { Signal, type ISignal } from '@lumino/signaling';

import type { Job } from './api/types';

/** A view's own selection. */
export interface ISelected {
  readonly jobs: readonly Job[];
  readonly changed: ISignal<unknown, unknown>;
  readonly isDisposed: boolean;
}

/** The jobs that the view that was used last has selected, as they are now. */
export class Selection {
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get jobs(): readonly Job[] {
    return this._view?.isDisposed ? [] : (this._view?.jobs ?? []);
  }

  /** A view is used: its selection is what is meant from now on. */
  follow(view: ISelected): void {
    if (view !== this._view) {
      this._view?.changed.disconnect(this._tell, this);
      this._view = view;
      view.changed.connect(this._tell, this);
      this._tell();
    }
  }

  private _tell(): void {
    this._changed.emit();
  }

  private _changed = new Signal<this, void>(this);
  private _view: ISelected | null = null;
}
