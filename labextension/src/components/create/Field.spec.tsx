import { nullTranslator } from '@jupyterlab/translation';
import {
  act,
  cleanup,
  fireEvent,
  render,
  screen
} from '@testing-library/react';
import * as React from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { Browse } from '../../browse';
import { SpecForm } from '../../model/spec';
import { useSignal } from '../hooks';
import { Editing, type IEditing } from './editing';
import { DurationField, NumberField, PathField, TextField } from './Field';

const trans = nullTranslator.load('');
let form: SpecForm;
let browse: Browse | null;

/** A form with one field. */
function Form({ children }: { children: React.ReactNode }): JSX.Element {
  useSignal(form.changed, true);
  const editing = { form, trans, browse } as unknown as IEditing;
  return <Editing.Provider value={editing}>{children}</Editing.Provider>;
}

const input = () => screen.getByRole<HTMLInputElement>('textbox');
const type = (value: string) =>
  fireEvent.change(input(), { target: { value } });

beforeEach(() => {
  form = new SpecForm({}, trans);
  browse = null;
});

afterEach(cleanup);

it('takes text as it is typed, and none as nothing', () => {
  form.set('name', ['odd']);
  render(<TextField field="name" label="Name" />, { wrapper: Form });
  expect(input().value).toBe('["odd"]');
  type(' a ');
  expect(form.draft).toEqual({ name: ' a ' });
  type('');
  expect(form.draft).toEqual({});
});

it('takes a number, and keeps what is none as it was typed', () => {
  render(<NumberField field="retries" label="Retries" />, { wrapper: Form });
  type('007');
  expect(form.draft).toEqual({ retries: 7 });
  expect(input().value).toBe('007');
  type('7x');
  expect(form.draft).toEqual({ retries: '7x' });
  act(() => form.set('retries', 3));
  expect(input().value).toBe('3');
});

it('takes a duration as people write it, and says what is none', () => {
  form.set('deadline_seconds', 5400);
  render(<DurationField field="deadline_seconds" label="Deadline" />, {
    wrapper: Form
  });
  expect(input().value).toBe('1h 30m');
  type('90m');
  expect(form.draft).toEqual({ deadline_seconds: 5400 });
  expect(input().value).toBe('90m');
  type('soon');
  expect(input().getAttribute('aria-invalid')).toBe('true');
  const about = input().getAttribute('aria-describedby')!;
  expect(document.getElementById(about)?.textContent).toContain('90s, 30m');
});

it('says what is wrong with it', () => {
  form.refused = [
    { field: 'name', message: 'is taken', remedy: 'take another' }
  ];
  render(<TextField field="name" label="Name" hint="Seen by all." />, {
    wrapper: Form
  });
  const about = input().getAttribute('aria-describedby')!.split(' ');
  const words = about.map(id => document.getElementById(id)?.textContent);
  expect(words).toEqual(['Seen by all.', 'is taken – take another']);
  type('b');
  expect(input().getAttribute('aria-invalid')).toBeNull();
});

it('looks for a path, and keeps the one that there is if none is chosen', async () => {
  const asked = vi.fn(async () => '/home/ada/run.py' as string | null);
  browse = asked;
  form.set('script', '/old.py');
  render(<PathField field="script" label="Path" what="script" />, {
    wrapper: Form
  });
  const button = screen.getByRole('button', { name: 'Browse for a script' });
  fireEvent.click(button);
  await vi.waitFor(() => expect(input().value).toBe('/home/ada/run.py'));
  expect(asked).toHaveBeenCalledWith('script', '/old.py');
  asked.mockResolvedValueOnce(null);
  await act(async () => void fireEvent.click(button));
  expect(asked).toHaveBeenCalledTimes(2);
  expect(form.draft).toEqual({ script: '/home/ada/run.py' });
});

it('has no button where there is nothing to look with', () => {
  render(<PathField field="script" label="Path" what="script" />, {
    wrapper: Form
  });
  expect(screen.queryByRole('button')).toBeNull();
});
