import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { row } from '../../test/rows';
import type { IChange } from '../api/page';
import type { Job } from '../api/types';
import { Ends } from './ends';

describe('Ends', () => {
  const page = { changed: null as unknown as Signal<any, IChange> };
  let told: (readonly Job[])[];

  beforeEach(() => {
    vi.useFakeTimers();
    page.changed = new Signal<any, IChange>(page);
    told = [];
    const ends = new Ends(page as any, async () => 'ada');
    ends.ended.connect((_, jobs) => told.push(jobs));
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  const say = async (changes: Partial<Job>, event: object | null = {}) => {
    const job = row(changes);
    const line = event && { phase: job.phase, reason: job.reason, ...event };
    page.changed.emit({ job, event: line as IChange['event'] });
    await Promise.resolve();
  };
  const phases = async () => {
    await vi.runAllTimersAsync();
    return told.map(jobs => jobs.map(({ phase }) => phase));
  };

  it('tells of each end once', async () => {
    await say({ phase: 'Running' });
    await say({ phase: 'Succeeded', reason: 'Completed' });
    await say({ phase: 'Succeeded', reason: 'Completed' }, null);
    await say({ phase: 'Succeeded' }, { reason: 'Edited' });
    expect(await phases()).toEqual([['Succeeded']]);
  });

  it('tells at once of those that end together', async () => {
    await say({ phase: 'Succeeded' });
    await say({ phase: 'Failed' });
    expect(await phases()).toEqual([['Succeeded', 'Failed']]);
    await say({ phase: 'Cancelled' });
    expect((await phases())[1]).toEqual(['Cancelled']);
  });

  it('tells nothing of what goes on, and of jobs of others', async () => {
    await say({ phase: 'Paused', reason: 'Paused' });
    await say({ phase: 'Failed', reason: 'Error', user: 'bob' });
    expect(await phases()).toEqual([]);
  });
});
