import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import {
  act,
  cleanup,
  fireEvent,
  render,
  screen
} from '@testing-library/react';
import * as React from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { detail } from '../../../test/rows';
import type { IJobsub } from '../../tokens';
import { FIRST_LOOK, LogView } from './LogView';

const TEXT = 'one\ntwo\nthree\ntwo\n';

let start = '1:0';
const log = vi.fn(async () => ({
  data: new TextEncoder().encode(TEXT),
  start,
  end: '1:1000',
  complete: true
}));
const jobsub = {
  trans: nullTranslator.load(''),
  jobs: {
    api: {
      log,
      downloadUrl: () => '#'
    },
    page: {
      connectionChanged: new Signal<object, void>({}),
      connection: { online: true },
      follow: () => ({ isDisposed: false, dispose: () => {} })
    }
  }
} as unknown as IJobsub;

/** A page whose log is shown or isn't. */
function Page({ shown }: { shown: boolean }): JSX.Element | null {
  const [look, change] = React.useState(FIRST_LOOK);
  return shown ? (
    <LogView {...{ jobsub, look, change }} job={detail()} active />
  ) : null;
}

const sought = () => screen.getByRole<HTMLInputElement>('searchbox');
const pressed = async (name: string) =>
  (await screen.findByTitle(name)).getAttribute('aria-pressed');

let page: ReturnType<typeof render>;

beforeEach(() => {
  page = render(<Page shown />);
});

afterEach(cleanup);

it('is looked at as before when it is shown again', async () => {
  fireEvent.click(await screen.findByTitle('Wrap long lines'));
  fireEvent.click(screen.getByTitle('Find in the log'));
  expect(document.activeElement).toBe(sought());
  fireEvent.change(sought(), { target: { value: 'two' } });
  expect(screen.getByText('1 of 2')).toBeTruthy();
  page.rerender(<Page shown={false} />);
  expect(screen.queryByRole('searchbox')).toBeNull();
  page.rerender(<Page shown />);
  expect(await pressed('Wrap long lines')).toBe('true');
  expect(sought().value).toBe('two');
  expect(await screen.findByText('0 of 2')).toBeTruthy();
  // who only comes back has not asked to type
  expect(document.activeElement).not.toBe(sought());
});

it('no longer looks for anything once that is closed', async () => {
  fireEvent.click(await screen.findByTitle('Find in the log'));
  fireEvent.change(sought(), { target: { value: 'two' } });
  fireEvent.keyDown(sought(), { key: 'Escape' });
  page.rerender(<Page shown={false} />);
  page.rerender(<Page shown />);
  expect(await pressed('Find in the log')).not.toBe('true');
  fireEvent.click(screen.getByTitle('Find in the log'));
  expect(sought().value).toBe('');
});

it('is read on upwards though its lines leave nothing to scroll', async () => {
  page.unmount();
  start = '1:500';
  render(<Page shown />);
  const lines = await screen.findByRole('log');
  log.mockClear();
  fireEvent.wheel(lines, { deltaY: 1 });
  expect(log).not.toHaveBeenCalled();
  fireEvent.wheel(lines, { deltaY: -1 });
  expect(log).toHaveBeenCalledTimes(1);
  await act(async () => {});
  fireEvent.keyDown(lines, { key: 'PageUp' });
  expect(log).toHaveBeenCalledTimes(2);
});
