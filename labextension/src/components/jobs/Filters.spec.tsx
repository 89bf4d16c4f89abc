import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import type { Filter } from '../../model/list';
import type { IJobsub } from '../../tokens';
import { Filters, narrows, whose } from './Filters';

const told = (value: object) => ({
  value,
  changed: new Signal<object, void>({}),
  watch: () => () => {}
});
const jobsub = {
  trans: nullTranslator.load(''),
  catalog: told({ user: 'grace', groups: [{ name: 'ops' }] }),
  usage: told({
    groups: [{ name: 'research', users: [{ name: 'ada' }, { name: 'lin' }] }]
  })
} as unknown as IJobsub;

const change = vi.fn();
const shown = (filter: Filter) =>
  render(<Filters jobsub={jobsub} filter={filter} change={change} />);
const button = (name: string) => screen.getByRole('button', { name });
const queried = (name: string | RegExp) =>
  screen.queryByRole('button', { name });

afterEach(() => {
  cleanup();
  change.mockReset();
});

it('offers the users that are known', () => {
  shown({});
  fireEvent.click(button('User'));
  const names = screen.getAllByRole('button').map(one => one.textContent);
  expect(names.slice(-3)).toEqual(['ada', 'grace', 'lin']);
  fireEvent.click(button('lin'));
  expect(change).toHaveBeenCalledWith({ user: 'lin' });
  expect(queried('ada')).toBeNull();
  expect(document.activeElement).toBe(button('User'));
});

it('takes the name of any user', () => {
  shown({});
  fireEvent.click(button('User'));
  const input = screen.getByLabelText('Name of a user');
  expect(document.activeElement).toBe(input);
  fireEvent.change(input, { target: { value: 'L' } });
  expect(queried('ada')).toBeNull();
  fireEvent.submit(input);
  expect(change).toHaveBeenLastCalledWith({ user: 'lin' });
  fireEvent.click(button('User'));
  fireEvent.change(screen.getByLabelText('Name of a user'), {
    target: { value: ' li ' }
  });
  fireEvent.click(button('Jobs of “li”'));
  expect(change).toHaveBeenLastCalledWith({ user: 'li' });
});

it('says whose jobs are shown, and can show those of all again', () => {
  shown({ user: 'ada' });
  fireEvent.click(button('User: ada'));
  expect(button('ada').getAttribute('aria-pressed')).toBe('true');
  fireEvent.click(button('All users'));
  expect(change).toHaveBeenCalledWith({ user: undefined });
});

it('asks for no user among one’s own jobs', () => {
  shown({ mine: true });
  expect(queried('User')).toBeNull();
  expect(whose(true)).toEqual({ mine: true, user: undefined });
  expect(whose(false)).toEqual({ mine: false });
});

it('shows the sweep that it is of, which can be left', () => {
  shown({ sweep: 'sweep-1' });
  fireEvent.click(button('Sweep: sweep-1'));
  expect(change).toHaveBeenCalledWith({ sweep: undefined });
  cleanup();
  shown({});
  expect(queried(/Sweep/)).toBeNull();
});

it('narrows by all but whose own they are, and the order', () => {
  expect(narrows({ mine: true, sort: 'name', group: [], phase: [] })).toBe(
    false
  );
  for (const filter of [
    { user: 'ada' },
    { sweep: 's' },
    { text: 'abc' },
    { group: ['research'] },
    { phase: ['Failed'] }
  ] as Filter[]) {
    expect(narrows(filter)).toBe(true);
  }
});
