import { Signal } from '@lumino/signaling';
import { beforeEach, describe, expect, it } from 'vitest';

import { row } from '../../test/rows';
import type { IChange } from '../api/page';
import type { Job } from '../api/types';
import { Ends } from './ends';

describe('Ends', () => {
  const page = { changed: null as unknown as Signal<any, IChange> };
  let told: Job[];

  beforeEach(() => {
    page.changed = new Signal<any, IChange>(page);
    told = [];
    const ends = new Ends(page as any, async () => 'ada');
    ends.ended.connect((_, job) => told.push(job));
  });

  const say = async (changes: Partial<Job>, event: object | null = {}) => {
    const job = row(changes);
    const line = event && { phase: job.phase, reason: job.reason, ...event };
    page.changed.emit({ job, event: line as IChange['event'] });
    await Promise.resolve();
  };

  it('tells of each end once', async () => {
    await say({ phase: 'Running' });
    await say({ phase: 'Succeeded', reason: 'Completed' });
    await say({ phase: 'Succeeded', reason: 'Completed' }, null);
    await say({ phase: 'Succeeded' }, { reason: 'Edited' });
    expect(told.map(job => job.phase)).toEqual(['Succeeded']);
  });

  it('tells nothing of what goes on, and of jobs of others', async () => {
    await say({ phase: 'Paused', reason: 'Paused' });
    await say({ phase: 'Failed', reason: 'Error', user: 'bob' });
    expect(told).toEqual([]);
  });
});
