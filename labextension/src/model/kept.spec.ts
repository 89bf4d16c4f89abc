import { beforeEach, expect, it } from 'vitest';

import { Stored } from '../../test/stored';
import type { Jobs } from './jobs';
import { keepFilter } from './kept';
import { JobList } from './list';

let kept: Map<string, any>;
const state = {
  fetch: async (key: string) => kept.get(key),
  save: async (key: string, value: any) => {
    kept.set(key, JSON.parse(JSON.stringify(value)));
  }
};
const made = () =>
  new JobList(new Stored([]) as unknown as Jobs, { mine: true });

beforeEach(() => {
  kept = new Map();
});

it('is the same when the page is opened again', async () => {
  const before = made();
  await keepFilter(before, 'here', state);
  expect(before.filter).toEqual({ mine: true });
  before.filter = { mine: false, phase: ['Failed'], text: undefined };
  const after = made();
  await keepFilter(after, 'here', state);
  expect(after.filter).toEqual({ mine: false, phase: ['Failed'] });
});

it('leaves what was chosen meanwhile', async () => {
  kept.set('here', { mine: false });
  const list = made();
  const done = keepFilter(list, 'here', state);
  list.filter = { mine: true, text: 'quick' };
  await done;
  expect(list.filter).toEqual({ mine: true, text: 'quick' });
});

it('does without what can’t be read, and without a place to keep it', async () => {
  const list = made();
  await keepFilter(list, 'here', {
    ...state,
    fetch: () => Promise.reject(new Error('away'))
  });
  expect(list.filter).toEqual({ mine: true });
  await keepFilter(list, 'here', null);
  list.filter = { mine: false };
  expect(list.filter).toEqual({ mine: false });
});
