import * as apputils from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { cleanup, render } from '@testing-library/react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import { row } from '../test/rows';
import { ApiError } from './api/http';
import type { Job } from './api/types';
import { addCommands } from './commands';
import { Selection } from './selection';
import { CommandIDs, DEEDS, type IJobsub } from './tokens';

let accept: boolean;
let asked: any[];
vi.mock('@jupyterlab/apputils', async original => ({
  ...(await original<typeof apputils>()),
  showDialog: async (options: object) => {
    asked.push(options);
    return { button: { accept } };
  }
}));
const told = vi.spyOn(apputils.Notification, 'error');

let commands: CommandRegistry;
let selection: Selection;
const act = vi.fn();
const rerun = vi.fn();

const running = row({ id: 'a', name: 'one' });
const ended = row({ id: 'b', name: 'two', allowed: ['rerun', 'delete'] });
const select = (jobs: Job[]) =>
  selection.follow({
    jobs,
    changed: new Signal<object, void>({}),
    isDisposed: false
  });

const body = () => render(asked[0].body).container.textContent;

beforeEach(() => {
  commands = new CommandRegistry();
  selection = new Selection();
  accept = true;
  asked = [];
  act.mockReset();
  rerun.mockReset();
  told.mockReset();
  addCommands(commands, {
    jobs: { act, rerun },
    selection,
    trans: nullTranslator.load('')
  } as unknown as IJobsub);
});

afterEach(cleanup);

it('can be run as far as what is selected allows it', () => {
  const changed = vi.fn();
  commands.commandChanged.connect((_, { id }) => changed(id));
  const able = () =>
    [...DEEDS.keys()].filter(
      id => commands.hasCommand(id) && commands.isEnabled(id)
    );
  expect(able()).toEqual([]);
  select([running]);
  expect(changed).toHaveBeenCalledWith(CommandIDs.pause);
  expect(able()).toEqual([CommandIDs.cancel, CommandIDs.pause]);
  select([running, ended]);
  expect(able()).toEqual([
    CommandIDs.cancel,
    CommandIDs.pause,
    CommandIDs.rerun,
    CommandIDs.remove
  ]);
});

it('asks before anything is lost, and names what is meant', async () => {
  select([running, ended]);
  accept = false;
  await commands.execute(CommandIDs.cancel);
  expect(asked).toHaveLength(1);
  expect(body()).toContain('one');
  expect(body()).not.toContain('two');
  expect(body()).toContain('1 other that is selected stays as it is.');
  expect(act).not.toHaveBeenCalled();
  accept = true;
  await commands.execute(CommandIDs.cancel);
  expect(act.mock.calls).toEqual([['a', 'cancel']]);
});

it('says of what has not begun that it will not run', async () => {
  select([row({ started_at: null })]);
  await commands.execute(CommandIDs.cancel);
  expect(body()).toContain('It will not run.');
});

it('asks nothing where nothing is lost', async () => {
  await commands.execute(CommandIDs.rerun, { jobs: [ended] as any });
  const waiting = row({ started_at: null });
  await commands.execute(CommandIDs.pause, { jobs: [waiting] as any });
  expect(asked).toEqual([]);
  expect(rerun.mock.calls).toEqual([['b']]);
  expect(act.mock.calls).toEqual([[waiting.id, 'pause']]);
});

it('does it to all that it can, and says with which it failed', async () => {
  const many = Array.from({ length: 20 }, (_, n) =>
    row({ id: `job-${n}`, name: `n${n}` })
  );
  act.mockImplementation(async (id: string) => {
    if (id === 'job-7') {
      throw new ApiError(409, { detail: 'It has ended.', remedy: 'Look.' });
    }
  });
  await commands.execute(CommandIDs.cancel, { jobs: many as any });
  expect(act).toHaveBeenCalledTimes(20);
  expect(body()).toContain('n9, …');
  expect(told.mock.calls.map(([words]) => words)).toEqual([
    'Cancel: n7\nIt has ended – Look.'
  ]);
});
