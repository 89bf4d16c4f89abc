import { nullTranslator } from '@jupyterlab/translation';
import {
  act,
  cleanup,
  fireEvent,
  render,
  screen
} from '@testing-library/react';
import * as React from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import { Stored } from '../../../test/stored';
import { jobs } from '../../../test/rows';
import { Chosen } from '../../model/chosen';
import type { Jobs } from '../../model/jobs';
import { JobList } from '../../model/list';
import { Cut } from './Cut';
import { MOST } from './useRows';
import { VirtualJobs } from './VirtualJobs';

const trans = nullTranslator.load('');

/** A list that says that it has more jobs than a test needs. */
async function listOf(total: number): Promise<Chosen> {
  const stored = new Stored(jobs(3));
  const { list: answer } = stored.api;
  stored.api.list = async query => ({ ...(await answer(query)), total });
  const list = new JobList(stored as unknown as Jobs, {});
  const chosen = new Chosen(list, stored as unknown as Jobs);
  list.active = true;
  await vi.waitFor(() => expect(list.total).toBe(total));
  return chosen;
}

function shown(chosen: Chosen) {
  const used = vi.fn();
  const rest = { used, open: vi.fn(), remove: vi.fn() };
  const draw = () => null;
  render(<VirtualJobs chosen={chosen} label="Jobs" draw={draw} {...rest} />);
  return screen.getByRole('listbox');
}

afterEach(cleanup);

it('goes to the last row that there is, however many jobs there are', async () => {
  const chosen = await listOf(MOST + 10);
  const box = shown(chosen);
  await act(async () => void fireEvent.keyDown(box, { key: 'End' }));
  expect(chosen.at).toBe(MOST - 1);
  await act(async () => void fireEvent.keyDown(box, { key: 'PageDown' }));
  expect(chosen.at).toBe(MOST - 1);
  await act(async () => void fireEvent.keyDown(box, { key: 'Home' }));
  expect(chosen.at).toBe(0);
});

it('says where it ends that there are others, and how to see them', async () => {
  const { list } = await listOf(MOST + 10);
  render(<Cut list={list} trans={trans} />);
  const { textContent } = screen.getByRole('note');
  expect(textContent).toMatch(/first 250.000 of 250.010 jobs/);
  expect(textContent).toContain('Filter');
});

it('says nothing where all of them are there', async () => {
  const { list } = await listOf(MOST);
  render(<Cut list={list} trans={trans} />);
  expect(screen.queryByRole('note')).toBeNull();
});
