import type { IStateDB } from '@jupyterlab/statedb';
import { Signal, type ISignal } from '@lumino/signaling';

const KEY = 'jupyter-jobsub:table-columns';
const NARROWEST = 48; // pixels

/** Which columns a table shows and how wide they are, as the person has left them. */
export class Columns {
  /**
   * @param _widths - Each column's width in pixels before the person changes it, in the table's order.
   * @param _shown - Those that are shown before the person chooses.
   */
  constructor(
    private _widths: ReadonlyMap<string, number>,
    private _shown: readonly string[],
    private _state: Pick<IStateDB, 'fetch' | 'save'> | null
  ) {
    this._usual = _shown;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get shown(): readonly string[] {
    return this._shown;
  }

  /** Show these, in the table's order; none is none that a table could have. */
  set shown(shown: readonly string[]) {
    this._shown = [...this._widths.keys()].filter(id => shown.includes(id));
    this._keep();
  }

  width(id: string): number {
    return this._resized[id] ?? this._widths.get(id);
  }

  resize(id: string, width: number): void {
    this._resized[id] = Math.max(NARROWEST, Math.round(width));
    this._keep();
  }

  /** As they were before the person changed anything. */
  reset(): void {
    this._shown = this._usual;
    this._resized = {};
    this._keep();
  }

  /** Take what the person has left. */
  async restore(): Promise<void> {
    const kept = (await this._state?.fetch(KEY)) as IKept | undefined;
    if (kept) {
      this._shown = kept.shown.filter(id => this._widths.has(id));
      this._resized = kept.widths;
      this._changed.emit();
    }
  }

  private _keep(): void {
    this._changed.emit();
    const kept = { shown: [...this._shown], widths: this._resized };
    void this._state?.save(KEY, kept);
  }

  private _changed = new Signal<this, void>(this);
  private _resized: Record<string, number> = {};
  private _usual: readonly string[];
}

interface IKept {
  shown: string[];
  widths: Record<string, number>;
}
