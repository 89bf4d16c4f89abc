import { nullTranslator } from '@jupyterlab/translation';
import { runIcon } from '@jupyterlab/ui-components';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { cleanup, fireEvent, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, expect, it, vi } from 'vitest';

import { row } from '../../../test/rows';
import type { Job } from '../../api/types';
import type { Chosen } from '../../model/chosen';
import { DEEDS } from '../../tokens';
import { ActionBar } from './ActionBar';

const running = row({ id: 'a' });
const ended = row({ id: 'b', allowed: ['rerun', 'clone', 'delete'] });
const executed = vi.fn();

function shown(
  jobs: Job[],
  tooMany: number | null = null,
  total: number | null = 7
): void {
  const commands = new CommandRegistry();
  for (const id of DEEDS.keys()) {
    commands.addCommand(id, {
      label: id.replace('jobsub:', ''),
      icon: runIcon,
      execute: args => executed(id, args)
    });
  }
  const changed = new Signal<object, void>({});
  const chosen = { jobs, tooMany, changed, list: { total } };
  render(
    <ActionBar
      chosen={chosen as unknown as Chosen}
      commands={commands}
      trans={nullTranslator.load('')}
    />
  );
}

const buttons = () => [...document.querySelectorAll('jp-button')];
const titles = () => buttons().map(one => one.getAttribute('title'));

afterEach(() => {
  cleanup();
  executed.mockReset();
});

it('says of each what it would be done to', () => {
  shown([running, ended]);
  expect(titles()).toEqual([
    'cancel 1 of 2 jobs',
    'pause 1 of 2 jobs',
    'resume: none of these 2 jobs can be',
    'rerun 1 of 2 jobs',
    'clone 2 jobs',
    'delete 1 of 2 jobs'
  ]);
  expect(screen.getByRole('status').textContent).toBe('2 selected');
});

it('does it to those alone that allow it', () => {
  shown([running, ended]);
  fireEvent.click(screen.getByTitle('cancel 1 of 2 jobs'));
  expect(executed.mock.calls).toEqual([['jobsub:cancel', { jobs: [running] }]]);
  expect(buttons().map(button => (button as any).disabled)).toEqual([
    false,
    false,
    true,
    false,
    false,
    false
  ]);
});

it('counts the list while nothing is selected', () => {
  shown([]);
  expect(titles()[0]).toBe('cancel: select jobs first');
  expect(screen.getByRole('status').textContent).toBe('7 jobs');
  cleanup();
  shown([], null, null);
  expect(screen.getByRole('status').textContent).toBe('');
});

it('says so where more were to be selected than can be', () => {
  shown([running, ended], 250_000);
  expect(screen.getByRole('status').textContent).toBe(
    '2 selected · 1000 at most of these 250000'
  );
});
