import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { detail, row } from '../../test/rows';
import { ApiError } from '../api/http';
import { OneJob } from './job';

const ID = row().id;

/** A service with one job, that counts what it is asked. */
class Stored {
  asked: string[] = [];
  job = detail();
  failure: ApiError | null = null;
  followed: any = null;
  changed = new Signal<this, any>(this);
  renewed = new Signal<this, void>(this);
  page = {
    connectionChanged: new Signal<object, { online: boolean }>({}),
    follow: (_: object, reader: object) => {
      this.followed = reader;
      return { dispose: () => (this.followed = null) };
    }
  };
  api = {
    job: async () => this._answer('job', this.job),
    timeline: async () => this._answer('timeline', { items: [] })
  };

  private _answer<T>(name: string, answer: T): T {
    this.asked.push(name);
    if (this.failure) {
      throw this.failure;
    }
    return answer;
  }
}

describe('OneJob', () => {
  let stored: Stored;
  let one: OneJob;
  const settle = () => vi.advanceTimersByTimeAsync(1000);
  const tell = (changes: object, moved = false) =>
    stored.changed.emit({ id: ID, job: row(changes), moved });

  beforeEach(() => {
    vi.useFakeTimers();
    stored = new Stored();
    one = new OneJob(stored as any, ID);
  });

  afterEach(() => {
    one.dispose();
    vi.useRealTimers();
  });

  it('is read when somebody looks, and only what is looked at', async () => {
    await settle();
    expect(stored.asked).toEqual([]);
    one.active = true;
    await settle();
    expect(one.job?.command).toBe('python train.py');
    expect(stored.asked).toEqual(['job']);
  });

  it('shows what is told of it, and asks only when it has moved', async () => {
    one.active = true;
    await settle();
    tell({ progress: { fraction: 0.5, text: '', eta_seconds: null } });
    expect(one.job?.progress?.fraction).toBe(0.5);
    expect(one.job?.command).toBe('python train.py');
    await settle();
    expect(stored.asked).toEqual(['job']);
    tell({ phase: 'Succeeded' }, true);
    expect(one.job?.phase).toBe('Succeeded');
    await settle();
    expect(stored.asked).toEqual(['job', 'job']);
  });

  it('asks for nothing while hidden, and once when it is shown again', async () => {
    one.active = true;
    await settle();
    one.active = false;
    tell({}, true);
    tell({}, true);
    await settle();
    expect(stored.asked).toEqual(['job']);
    one.active = true;
    await settle();
    expect(stored.asked).toEqual(['job', 'job']);
  });

  it('hears what it waits for, as long as it waits and is looked at', async () => {
    stored.job = detail({ phase: 'Pending', message: 'behind another' });
    one.active = true;
    await settle();
    stored.followed.job(row({ phase: 'Pending', message: 'the next' }));
    expect(one.job?.message).toBe('the next');
    one.active = false;
    expect(stored.followed).toBeNull();
    one.active = true;
    expect(stored.followed).not.toBeNull();
    tell({ phase: 'Running' }, true);
    expect(stored.followed).toBeNull();
  });

  it('says that it is gone, or why it can’t be read', async () => {
    stored.failure = new ApiError(503, { detail: 'away' });
    one.active = true;
    await settle();
    expect([one.gone, one.error?.message]).toEqual([false, 'away']);
    stored.failure = new ApiError(404, {});
    one.refresh();
    await settle();
    expect(one.gone).toBe(true);
  });

  it('is read again when the service answers again', async () => {
    const { connectionChanged } = stored.page;
    stored.failure = new ApiError(503, { detail: 'away' });
    one.active = true;
    await settle();
    stored.failure = null;
    connectionChanged.emit({ online: false });
    await settle();
    expect(one.error?.message).toBe('away');
    connectionChanged.emit({ online: true });
    await settle();
    expect([one.error, one.job?.id]).toEqual([null, ID]);
    connectionChanged.emit({ online: true });
    await settle();
    expect(stored.asked).toEqual(['job', 'job']);
  });

  it('is gone when that is told', async () => {
    one.active = true;
    await settle();
    stored.changed.emit({ id: ID, job: null, moved: true });
    await settle();
    expect(one.gone).toBe(true);
    expect(stored.asked).toEqual(['job']);
  });
});
