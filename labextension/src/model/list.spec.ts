import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { row } from '../../test/rows';
import { ApiError } from '../api/http';
import type { Job } from '../api/types';
import { JobList } from './list';

/** A service with so many jobs, that counts what it is asked. */
class Stored {
  asked: any[] = [];
  changed = new Signal<this, any>(this);
  renewed = new Signal<this, void>(this);
  failure: ApiError | null = null;
  api = {
    list: async (query: any) => {
      this.asked.push(query);
      if (this.failure) {
        throw this.failure;
      }
      const { offset, limit } = query;
      return {
        items: this.jobs.slice(offset, offset + limit),
        next: null,
        total: this.jobs.length
      };
    }
  };

  constructor(public jobs: Job[]) {}
}

const jobs = (n: number) =>
  Array.from({ length: n }, (_, i) => row({ id: `job-${i}` }));

describe('JobList', () => {
  let stored: Stored;
  let list: JobList;
  const settle = () => vi.advanceTimersByTimeAsync(1000);

  beforeEach(async () => {
    vi.useFakeTimers();
    stored = new Stored(jobs(100_000));
    list = new JobList(stored as any, { mine: true });
    list.active = true;
    await settle();
  });

  afterEach(() => {
    list.dispose();
    vi.useRealTimers();
  });

  it('reads a page, and knows how many there are', () => {
    expect(list.total).toBe(100_000);
    expect(list.at(99)?.id).toBe('job-99');
    expect(list.at(100)).toBeUndefined();
    expect(stored.asked).toEqual([{ mine: true, offset: 0, limit: 100 }]);
  });

  it('reads only what is looked at, wherever that is, and keeps little', async () => {
    for (let at = 0; at < 100_000; at += 1000) {
      list.look(at, at + 20);
      await settle();
      expect(list.at(at + 20)?.id).toBe(`job-${at + 20}`);
    }
    expect(stored.asked).toHaveLength(100);
    expect(list.at(0)).toBeUndefined();
    list.look(99_990, 99_999);
    await settle();
    expect(list.at(99_999)?.id).toBe('job-99999');
  });

  it('shows a job that changed without asking', async () => {
    stored.changed.emit({
      id: 'job-3',
      job: row({ id: 'job-3', phase: 'Failed' }),
      moved: false
    });
    await settle();
    expect(list.at(3)?.phase).toBe('Failed');
    expect(stored.asked).toHaveLength(1);
  });

  it('reads anew once after many jobs have moved', async () => {
    for (let n = 0; n < 50; n++) {
      stored.changed.emit({
        id: `new-${n}`,
        job: row({ id: `new-${n}` }),
        moved: true
      });
    }
    await settle();
    expect(stored.asked).toHaveLength(2);
  });

  it('asks for nothing while nobody looks, and then once', async () => {
    list.active = false;
    stored.renewed.emit();
    await settle();
    expect(stored.asked).toHaveLength(1);
    list.active = true;
    await settle();
    expect(stored.asked).toHaveLength(2);
  });

  it('forgets everything with its filter', async () => {
    list.filter = { text: 'tra' };
    expect(list.loading).toBe(true);
    await settle();
    expect(stored.asked[1]).toEqual({ text: 'tra', offset: 0, limit: 100 });
  });

  it('says why it can’t be read, and keeps what it has', async () => {
    stored.failure = new ApiError(503, { detail: 'away' });
    list.refresh();
    await settle();
    expect(list.error?.message).toBe('away');
    expect(list.at(0)?.id).toBe('job-0');
    stored.failure = null;
    list.refresh();
    await settle();
    expect(list.error).toBeNull();
  });
});
