import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { jobs, row } from '../../test/rows';
import { Stored } from '../../test/stored';
import { ApiError } from '../api/http';
import { JobList } from './list';

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
    expect(list.at(49)?.id).toBe('job-49');
    expect(list.at(50)).toBeUndefined();
    expect(stored.asked).toEqual([{ mine: true, offset: 0, limit: 50 }]);
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
    expect(stored.asked[1]).toEqual({ text: 'tra', offset: 0, limit: 50 });
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

  it('reads again by itself when the service is back', async () => {
    stored.failure = new ApiError(503, { detail: 'away' });
    list.look(500, 520);
    await settle();
    expect(list.error).not.toBeNull();
    stored.failure = null;
    stored.page.connectionChanged.emit();
    await settle();
    expect(list.error).toBeNull();
    expect(list.at(500)?.id).toBe('job-500');
  });

  it('reads anew what it had read before the jobs moved', async () => {
    list.look(300, 320);
    await settle();
    stored.jobs.unshift(row({ id: 'new' }));
    stored.changed.emit({ id: 'new', job: stored.jobs[0], moved: true });
    await settle();
    expect(list.at(301)?.id).toBe('job-300');
    expect(list.at(0)?.id).toBe('job-0');
    list.look(0, 20);
    await settle();
    expect(list.at(0)?.id).toBe('new');
    expect(list.place('job-300')).toBe(301);
  });

  it('asks for nothing when a job changes in a list where it stays', async () => {
    const job = row({ id: 'job-3', phase: 'Succeeded' });
    stored.changed.emit({ id: 'job-3', job, moved: true });
    await settle();
    expect(stored.asked).toHaveLength(1);
    list.filter = { phase: ['Running'] };
    await settle();
    stored.changed.emit({ id: 'job-3', job, moved: true });
    await settle();
    expect(stored.asked).toHaveLength(3);
    expect(list.excludes(job)).toBe(true);
    list.filter = { phase: ['unfinished'] };
    expect(list.excludes(job)).toBe(true);
    expect(list.excludes(row({ phase: 'Paused' }))).toBe(false);
  });

  it('neither waits for what was asked with another filter nor keeps it', async () => {
    let answer = () => {};
    stored.answered = new Promise<void>(resolve => (answer = resolve));
    list.filter = { text: 'old' };
    stored.answered = Promise.resolve();
    list.filter = { text: 'new' };
    await settle();
    expect(stored.asked.slice(1).map(({ text }) => text)).toEqual([
      'old',
      'new'
    ]);
    expect(list.total).toBe(100_000);
    stored.jobs = jobs(1);
    answer();
    await settle();
    expect(list.total).toBe(100_000);
  });

  it('gives a span, of which it reads what is not there', async () => {
    const found = await list.from(25, 700);
    expect(found.map(({ id }) => id)).toEqual(
      Array.from({ length: 700 }, (_, n) => `job-${25 + n}`)
    );
    expect(stored.asked.slice(1)).toMatchObject([
      { offset: 50, limit: 500 },
      { offset: 550, limit: 175 }
    ]);
  });
});
