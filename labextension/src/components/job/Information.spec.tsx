import { nullTranslator } from '@jupyterlab/translation';
import { CommandRegistry } from '@lumino/commands';
import { Signal } from '@lumino/signaling';
import { cleanup, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, it } from 'vitest';

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
