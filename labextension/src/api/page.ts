import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal, type ISignal } from '@lumino/signaling';

import type { Api } from './http';
import type { Job, TimelineEntry } from './types';

/** Which task's log to follow, and from where. */
export interface ILogTarget {
  job: string;
  role?: string;
  task?: number;
  attempt?: number;
  /** Newest lines to begin with; or `from`, a cursor. */
  tail?: number;
  from?: string;
}

/** Who follows a log. */
export interface ILogReader {
  /** Take a piece, and where it ends. */
  write(piece: Uint8Array | string, cursor: string): void;
  /** What follows is another attempt's. */
  attempt?(attempt: number): void;
  /** How the job is now. */
  job?(job: Job): void;
  /** The log is complete, and the job final. */
  end(job: Job): void;
  /** The service refuses it. */
  refused(message: string, remedy: string, status?: number): void;
}

export interface IChange {
  job: Job;
  /** The line of the timeline; null where there is none for it. */
  event: TimelineEntry | null;
}

/** Whether what is shown is how things are. */
export interface IConnection {
  online: boolean;
  /** Why not, and what to do about it. */
  message: string;
  remedy: string;
}

const PAUSES = [250, 1000, 2000, 5000, 10000]; // milliseconds between attempts
const ONLINE: IConnection = { online: true, message: '', remedy: '' };

interface ILog {
  target: ILogTarget;
  reader: ILogReader;
}

/**
 * The page's one WebSocket: job events, and the logs that are followed.
 *
 * It connects when somebody wants something, and again when the connection is lost: then everything
 * goes on where it was.
 */
export class Page implements IDisposable {
  constructor(
    private _api: Api,
    private _words: { away: string; retry: string }
  ) {
    addEventListener('online', this._again);
  }

  /** A job is new, or another than before. */
  get changed(): ISignal<this, IChange> {
    return this._changed;
  }

  /** A job is gone: its id. */
  get deleted(): ISignal<this, string> {
    return this._deleted;
  }

  /** What was read before may have gone on meanwhile: read it anew. */
  get renewed(): ISignal<this, void> {
    return this._renewed;
  }

  get connectionChanged(): ISignal<this, IConnection> {
    return this._connectionChanged;
  }

  get connection(): IConnection {
    return this._connection;
  }

  get isDisposed(): boolean {
    return this._disposed;
  }

  /** Begin to hear of jobs; idempotent. */
  start(): void {
    if (!this._started) {
      this._started = true;
      this._connect();
    }
  }

  /** Follow a log until it ends, or what this gives is disposed of. */
  follow(target: ILogTarget, reader: ILogReader): IDisposable {
    const key = `log-${++this._number}`;
    this._logs.set(key, { target, reader });
    this.start();
    this._send({ subscribe: 'log', key, ...target });
    return new DisposableDelegate(() => {
      if (this._logs.delete(key)) {
        this._send({ unsubscribe: key });
      }
    });
  }

  dispose(): void {
    this._disposed = true;
    removeEventListener('online', this._again);
    clearTimeout(this._timer);
    this._socket?.close();
    Signal.clearData(this);
  }

  private _again = () => {
    if (this._started && !this._socket) {
      clearTimeout(this._timer);
      this._connect();
    }
  };

  private _connect(): void {
    const socket = new this._api.settings.WebSocket(this._api.socketUrl);
    this._socket = socket;
    socket.onopen = () => this._begin();
    socket.onmessage = (message: MessageEvent<string>) =>
      this._take(JSON.parse(message.data));
    socket.onclose = () => this._lost();
  }

  private _begin(): void {
    this._send({ subscribe: 'events', last_event_id: this._last });
    for (const [key, { target }] of this._logs) {
      this._send({ subscribe: 'log', key, ...target });
    }
  }

  private _lost(): void {
    this._socket = null;
    if (this._disposed) {
      return;
    }
    const { away, retry } = this._words;
    this._tell({ online: false, message: away, remedy: retry });
    const pause = PAUSES[Math.min(this._failures++, PAUSES.length - 1)];
    this._timer = window.setTimeout(this._again, pause);
  }

  private _send(message: object): void {
    if (this._socket?.readyState === WebSocket.OPEN) {
      this._socket.send(JSON.stringify(message));
    }
  }

  private _take(message: any): void {
    const log = this._logs.get(message.key);
    switch (message.type) {
      case 'hello':
        this._greeted(message.last);
        break;
      case 'job':
        this._heard(message, log);
        break;
      case 'deleted':
        this._last = message.last_event_id;
        this._deleted.emit(message.id);
        break;
      case 'log':
        log && this._wrote(log, message);
        break;
      case 'attempt':
        log && this._pass(log, message.cursor);
        log?.reader.attempt?.(message.attempt);
        break;
      case 'end':
        this._logs.delete(message.key);
        log?.reader.end(message.job);
        break;
      case 'offline':
        this._tell({ online: false, ...message });
        break;
      case 'online':
        this._tell(ONLINE);
        break;
      case 'error':
        this._refused(message, log);
    }
  }

  private _greeted(last: number): void {
    const renewed = this._last === null || last < this._last;
    this._last = last;
    this._failures = 0;
    this._tell(ONLINE);
    if (renewed) {
      this._renewed.emit();
    }
  }

  private _heard(message: any, log: ILog | undefined): void {
    if (log) {
      log.reader.job?.(message.job);
      return;
    }
    this._last = message.last_event_id ?? this._last;
    this._changed.emit({ job: message.job, event: message.event });
  }

  private _wrote(log: ILog, message: any): void {
    this._pass(log, message.cursor);
    log.reader.write(message.text ?? bytesOf(message.base64), message.cursor);
  }

  /** Note where a log has come to, which is where it goes on after a lost connection. */
  private _pass(log: ILog, cursor: string): void {
    const { tail: _, ...target } = log.target;
    log.target = { ...target, from: cursor };
  }

  private _refused(message: any, log: ILog | undefined): void {
    if (log) {
      this._logs.delete(message.key);
      log.reader.refused(message.message, message.remedy, message.status);
    } else {
      this._tell({ online: false, ...message });
    }
  }

  private _tell({ online, message, remedy }: IConnection): void {
    const before = this._connection;
    if (before.online !== online || before.message !== message) {
      this._connection = { online, message, remedy };
      this._connectionChanged.emit(this._connection);
    }
  }

  private _changed = new Signal<this, IChange>(this);
  private _deleted = new Signal<this, string>(this);
  private _renewed = new Signal<this, void>(this);
  private _connectionChanged = new Signal<this, IConnection>(this);
  private _connection = ONLINE;
  private _logs = new Map<string, ILog>();
  private _last: number | null = null;
  private _number = 0;
  private _failures = 0;
  private _socket: WebSocket | null = null;
  private _started = false;
  private _disposed = false;
  private _timer = 0;
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), sign => sign.charCodeAt(0));
}
