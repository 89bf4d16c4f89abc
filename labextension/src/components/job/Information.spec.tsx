import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { cleanup, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, expect, it } from 'vitest';

import { detail } from '../../../test/rows';
import type { JobDetail } from '../../api/types';
import type { OneJob } from '../../model/job';
import type { IJobsub } from '../../tokens';
import { Information } from './Information';

afterEach(cleanup);

const timeline = {
  value: { items: [] },
  changed: new Signal<object, void>({}),
  watch: () => () => {}
};

const shown = (changes: Partial<JobDetail>) =>
  render(
    <Information
      jobsub={{ trans: nullTranslator.load('') } as unknown as IJobsub}
      commands={new CommandRegistry()}
      one={{ timeline } as unknown as OneJob}
      job={detail(changes)}
      active={true}
    />
  );

it('shows what runs', () => {
  shown({ command: 'python train.py' });
  screen.getByText('python train.py');
});

it('says of what may not be read who may read it', () => {
  shown({ command: '', user: 'bob' });
  screen.getByText('Only bob and admins may see it.');
});

const field = (name: string) =>
  screen.queryByText(name)?.nextElementSibling?.textContent;
const task = (index: number) =>
  ({
    role: 'worker',
    index,
    ports: {},
    message: ''
  }) as unknown as JobDetail['tasks'][0];

it('leaves out what says nothing', () => {
  shown({ working_dir: null, retries: 0 });
  expect(field('Working directory')).toBeUndefined();
  expect(field('Retries')).toBeUndefined();
});

it('says of what it has how much', () => {
  shown({ working_dir: '/home/ada', retries: 2, failures: 1 });
  expect(field('Working directory')).toBe('/home/ada');
  expect(field('Retries')).toBe('1 of 2');
  expect(field('Instance type')).toBe('gpu-1 (4 CPUs · 16 GiB · 1 × A100)');
  expect(field('In all')).toBeUndefined();
});

it('says of several tasks what they have in all', () => {
  shown({ tasks: [task(0), task(1)] });
  expect(field('Instance type')).toBe('gpu-1');
  expect(field('In all')).toBe('4 CPUs · 16 GiB · 1 × A100');
});
