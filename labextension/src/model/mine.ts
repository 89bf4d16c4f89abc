import { Signal, type ISignal } from '@lumino/signaling';
import type { IDisposable } from '@lumino/disposable';

import type { Catalog, Usage } from '../api/types';
import type { Told } from './told';

/** How many of the person's own jobs run and wait. */
export class Mine implements IDisposable {
  constructor(
    private _catalog: Told<Catalog>,
    private _usage: Told<Usage>
  ) {
    _catalog.changed.connect(this._count, this);
    _usage.changed.connect(this._count, this);
  }

  /** Another number than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get running(): number {
    return this._running;
  }

  get waiting(): number {
    return this._waiting;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Count from now on; idempotent. */
  start(): void {
    this._watched ??= [this._catalog.watch(), this._usage.watch()];
  }

  dispose(): void {
    this._disposed = true;
    this._watched?.forEach(leave => leave());
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  private _count(): void {
    const user = this._catalog.value?.user;
    const groups = this._usage.value?.groups ?? [];
    const own = groups.flatMap(({ users }) =>
      users.filter(({ name }) => name === user)
    );
    const running = own.reduce((sum, one) => sum + one.running, 0);
    const waiting = own.reduce((sum, one) => sum + one.waiting, 0);
    if (running !== this._running || waiting !== this._waiting) {
      this._running = running;
      this._waiting = waiting;
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _running = 0;
  private _waiting = 0;
  private _watched: (() => void)[] | null = null;
  private _disposed = false;
}
