import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { jobs, row } from '../../test/rows';
import { Stored } from '../../test/stored';
import { Selection } from '../selection';
import { Chosen } from './chosen';
import { JobList } from './list';

describe('Chosen', () => {
  let stored: Stored;
  let list: JobList;
  let chosen: Chosen;
  const settle = () => vi.advanceTimersByTimeAsync(1000);
  const ids = () => chosen.jobs.map(({ id }) => id);

  beforeEach(async () => {
    vi.useFakeTimers();
    stored = new Stored(jobs(5000));
    list = new JobList(stored as any, {});
    chosen = new Chosen(list, stored as any);
    list.active = true;
    await settle();
  });

  afterEach(() => {
    chosen.dispose();
    list.dispose();
    vi.useRealTimers();
  });

  it('selects one, more, and a span', () => {
    chosen.go(3);
    expect(ids()).toEqual(['job-3']);
    chosen.go(5, true);
    expect(ids()).toEqual(['job-3', 'job-4', 'job-5']);
    chosen.go(2, true);
    expect(ids()).toEqual(['job-2', 'job-3']);
    chosen.toggle(7);
    chosen.toggle(2);
    expect(ids()).toEqual(['job-3', 'job-7']);
    expect(chosen.at).toBe(2);
  });

  it('stays at the ends', () => {
    chosen.go(-5);
    expect(chosen.at).toBe(0);
    chosen.go(9999);
    expect(chosen.at).toBe(4999);
  });

  it('selects jobs that have not been read, and no more than can be acted on', async () => {
    chosen.go(4999);
    await settle();
    expect(ids()).toEqual(['job-4999']);
    chosen.all();
    await settle();
    expect(chosen.jobs).toHaveLength(1000);
    expect(chosen.jobs[999].id).toBe('job-999');
    expect(chosen.tooMany).toBe(5000);
    chosen.go(0);
    expect(chosen.tooMany).toBeNull();
  });

  it('takes what was selected last, in whatever order it is read', async () => {
    chosen.go(3000);
    chosen.go(1);
    await settle();
    expect(ids()).toEqual(['job-1']);
  });

  it('knows its jobs as they are now, and not those that are gone', () => {
    chosen.go(3);
    chosen.go(5, true);
    const ended = row({ id: 'job-4', phase: 'Failed', allowed: ['rerun'] });
    stored.changed.emit({ id: 'job-4', job: ended, moved: true });
    stored.changed.emit({ id: 'job-5', job: null, moved: true });
    expect(ids()).toEqual(['job-3', 'job-4']);
    expect(chosen.jobs[1].allowed).toEqual(['rerun']);
  });

  it('lets go of a job that a filter does not show any more', async () => {
    list.filter = { phase: ['Running'] };
    await settle();
    chosen.go(3);
    const job = row({ id: 'job-3', phase: 'Succeeded' });
    stored.changed.emit({ id: 'job-3', job, moved: true });
    expect(ids()).toEqual([]);
  });

  it('stays with the job when another comes above it', async () => {
    chosen.go(3);
    stored.jobs.unshift(row({ id: 'new' }));
    stored.changed.emit({ id: 'new', job: stored.jobs[0], moved: true });
    await settle();
    expect(chosen.at).toBe(4);
    chosen.go(chosen.at + 1, true);
    expect(ids()).toEqual(['job-3', 'job-4']);
  });

  it('forgets all when the list lists others', () => {
    chosen.go(3);
    list.filter = { mine: true };
    expect(ids()).toEqual([]);
    expect(chosen.at).toBe(0);
  });

  it('is what commands mean, while its view is the one that was used last', () => {
    const selection = new Selection();
    const told = vi.fn();
    selection.changed.connect(told);
    selection.follow(chosen);
    chosen.go(2);
    expect(selection.jobs.map(({ id }) => id)).toEqual(['job-2']);
    expect(told).toHaveBeenCalledTimes(2);
    const other = new Chosen(list, stored as any);
    selection.follow(other);
    chosen.go(3);
    expect(selection.jobs).toEqual([]);
    expect(told).toHaveBeenCalledTimes(3);
    other.dispose();
  });
});
