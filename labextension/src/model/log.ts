import type { IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import { ApiError, type ILogPart } from '../api/http';
import type { ILogReader } from '../api/page';
import type { LogQuery } from '../api/types';
import type { Jobs } from './jobs';
import { Lines } from './lines';

/** Whose log: a task, of an attempt or of the newest and those that follow. */
export interface ILogTask {
  role?: string;
  task?: number;
  attempt?: number;
}

/**
 * What is behind the lines that are there: more that is to be read, what the task is about to
 * write, or nothing.
 */
export type Behind = 'more' | 'live' | 'nothing';

const NEWEST = 2000; // lines that are read at once
const RANGE = 512 * 1024; // bytes that are read at once where lines can't be counted
const LEAST = 4096; // bytes, of lines however short
const MOST = 3_000_000; // characters that are kept
const SLACK = 500_000; // over which they are cut
const BEGINNING = ':0';

/**
 * A part of a task's log, of which the newest lines are read first.
 *
 * It grows where somebody looks, at its other end it is cut. While nobody looks (`active` is false),
 * or what comes has no room because somebody reads something older, nothing is followed.
 */
export class LogModel implements IDisposable {
  constructor(
    private _jobs: Jobs,
    readonly job: string,
    readonly task: ILogTask
  ) {
    _jobs.page.connectionChanged.connect(this._reconnected, this);
  }

  /** Other lines are there, or it stands otherwise with them. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** The lines that are there: other ones after a leap to the beginning or end. */
  get lines(): Lines {
    return this._lines;
  }

  get behind(): Behind {
    return this._behind;
  }

  /** Whether the first line is there. */
  get whole(): boolean {
    return this._lines.start.endsWith(BEGINNING);
  }

  /** Whether nothing has been read yet. */
  get loading(): boolean {
    return !this._read && !this._error;
  }

  /** Why it could not be read, the last time. */
  get error(): ApiError | null {
    return this._error;
  }

  /** Whether the newest lines are looked at, so that old ones make room for them. */
  sticky = true;

  /** Whether anybody looks. */
  set active(active: boolean) {
    if (active && !this._active) {
      this._active = true;
      if (!this._read || this.sticky) {
        void this.toEnd();
      }
    } else if (!active && this._active) {
      this._active = false;
      this._leave();
    }
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  dispose(): void {
    this._disposed = true;
    this._generation++;
    this._following?.dispose();
    cancelAnimationFrame(this._frame);
    Signal.disconnectReceiver(this);
    Signal.clearData(this);
  }

  /** Show the newest lines, and those that come. */
  toEnd(): Promise<void> {
    return this._ask(true, { tail: NEWEST }, part => {
      this.sticky = true;
      this._begin(part);
      this._follow();
    });
  }

  /** Show the first lines. */
  toStart(): Promise<void> {
    const attempt = this._lines.start.split(':')[0];
    return this._ask(
      true,
      { from: attempt + BEGINNING, limit: RANGE },
      part => {
        this.sticky = false; // only now: the end may have been in sight until here
        this._begin(part);
      }
    );
  }

  /** Read what precedes the lines that are there. */
  async older(): Promise<void> {
    if (this._read && !this._error && !this.whole) {
      const { start } = this._lines;
      await this._ask(false, { before: start, tail: NEWEST }, part => {
        this._lines.prepend(new TextDecoder().decode(part.data), part.start);
        if (this._lines.size > MOST + SLACK && !this.sticky) {
          this._leave();
          this._lines.trimEnd(MOST);
        }
      });
    }
  }

  /** Read what follows the lines that are there, if it doesn't come by itself. */
  async newer(): Promise<void> {
    if (this._read && !this._error && this._behind === 'more') {
      const { end, density } = this._lines;
      // no more at once than leaves the lines in sight in what is kept
      const limit = Math.max(LEAST, Math.round((density * MOST) / 3));
      const range = { from: end, limit: Math.min(RANGE, limit) };
      await this._ask(false, range, part => {
        if (part.end === end) {
          this._follow();
        } else {
          const text = this._decoder.decode(part.data, { stream: true });
          this._lines.append(text, part.end);
          this._trim();
        }
      });
    }
  }

  /** Try again what failed. */
  retry(): void {
    this._error = null;
    if (this._read) {
      this._changed.emit(); // so that who looks at an end asks for more
    } else {
      void this.toEnd();
    }
  }

  /** Ask for a part, unless another one is being read, and take it. */
  private async _ask(
    leap: boolean,
    part: LogQuery,
    take: (part: ILogPart) => void
  ): Promise<void> {
    if (leap) {
      this._leave();
      this._generation++;
    } else if (this._asking === this._generation) {
      return;
    }
    const generation = (this._asking = this._generation);
    try {
      const found = await this._jobs.api.log(this.job, {
        ...this.task,
        ...part
      });
      if (generation === this._generation) {
        this._error = null;
        take(found);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (generation === this._generation) {
        this._error = error;
      }
    }
    if (generation === this._generation) {
      this._asking = -1;
      this._changed.emit();
    }
  }

  private _begin(part: ILogPart): void {
    this._read = true;
    this._behind = 'more';
    this._lines = new Lines(part.start);
    this._decoder = new TextDecoder();
    this._lines.append(
      this._decoder.decode(part.data, { stream: true }),
      part.end
    );
  }

  /** Drop old lines, if there are too many. */
  private _trim(): void {
    if (this._lines.size > MOST + SLACK) {
      this._lines.trimStart(MOST);
    }
  }

  private _follow(): void {
    if (this._active) {
      this._behind = 'live';
      const target = { job: this.job, ...this.task, from: this._lines.end };
      this._following = this._jobs.page.follow(target, this._reader);
    }
  }

  /** Follow no longer, and go on from what was read when somebody looks again. */
  private _leave(): void {
    this._flush();
    this._following?.dispose();
    this._following = null;
    if (this._behind === 'live') {
      this._behind = 'more';
    }
  }

  private _reader: ILogReader = {
    write: (piece, cursor) => this._came(piece, cursor),
    attempt: attempt => {
      this._pieces = [];
      this._waiting = 0;
      this._lines = new Lines(attempt + BEGINNING);
      this._decoder = new TextDecoder();
      this.sticky = true;
      this._changed.emit();
    },
    end: () => {
      this._flush();
      this._following = null;
      this._behind = 'nothing';
      this._changed.emit();
    },
    refused: (message, remedy, status = 400) => {
      this._leave();
      this._error = new ApiError(status, { detail: message, remedy });
      this._changed.emit();
    }
  };

  /** Take a piece, which is shown with all that come in the same animation frame. */
  private _came(piece: Uint8Array | string, cursor: string): void {
    if (!this.sticky && this._lines.size + this._waiting > MOST + SLACK) {
      this._leave();
      this._changed.emit();
      return;
    }
    const text = this._decoded(piece);
    this._pieces.push({ text, cursor });
    this._waiting += text.length;
    while (this._pieces.length > 1 && this._waiting > 2 * MOST) {
      this._skip();
    }
    this._frame ||= requestAnimationFrame(() => this._flush());
  }

  /** Pass over a piece that would be dropped before anybody sees it. */
  private _skip(): void {
    const { text, cursor } = this._pieces.shift()!;
    this._waiting -= text.length;
    this._lines = new Lines(cursor);
  }

  private _decoded(piece: Uint8Array | string): string {
    return typeof piece === 'string'
      ? this._decoder.decode() + piece
      : this._decoder.decode(piece, { stream: true });
  }

  private _flush(): void {
    cancelAnimationFrame(this._frame);
    this._frame = 0;
    const pieces = this._pieces.splice(0);
    this._waiting = 0;
    for (const { text, cursor } of pieces) {
      this._lines.append(text, cursor);
    }
    if (this.sticky) {
      this._trim();
    }
    if (pieces.length) {
      this._changed.emit();
    }
  }

  /** Try again what failed because nobody answered. */
  private _reconnected(): void {
    if (
      this._active &&
      this._error?.away &&
      this._jobs.page.connection.online
    ) {
      this.retry();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _lines = new Lines('1:0');
  private _decoder = new TextDecoder();
  private _behind: Behind = 'more';
  private _error: ApiError | null = null;
  private _following: IDisposable | null = null;
  private _pieces: { text: string; cursor: string }[] = [];
  private _waiting = 0; // characters that have come and are not shown yet
  private _generation = 0;
  private _asking = -1; // the generation that is being read for
  private _frame = 0;
  private _read = false;
  private _active = false;
  private _disposed = false;
}
