import { MessageLoop } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';
import { act, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { IJobsub } from '../tokens';
import { Shown } from './hooks';
import { Looking } from './Looking';

const start = vi.fn();
const looked = vi.fn();
const jobsub = { jobs: { page: { start } } } as unknown as IJobsub;

function Content(): JSX.Element {
  return <p>{React.useContext(Shown) ? 'is seen' : 'is not seen'}</p>;
}

class View extends Looking {
  protected look(active: boolean): void {
    looked(active);
  }

  protected draw(): JSX.Element {
    return <Content />;
  }
}

let view: View;
const settled = (change: () => void) =>
  act(async () => {
    change();
    MessageLoop.flush();
    await view.renderPromise;
  });

beforeEach(() => {
  start.mockReset();
  looked.mockReset();
  view = new View(jobsub);
});

afterEach(() => {
  view.dispose();
});

it('looks while it is visible', async () => {
  await settled(() => Widget.attach(view, document.body));
  expect(looked.mock.calls).toEqual([[true]]);
  expect(screen.getByText('is seen')).toBeTruthy();
  await settled(() => view.hide());
  expect(looked).toHaveBeenLastCalledWith(false);
  expect(screen.getByText('is not seen')).toBeTruthy();
  expect(start).toHaveBeenCalledTimes(1);
  await settled(() => view.show());
  expect(looked).toHaveBeenLastCalledWith(true);
  expect(screen.getByText('is seen')).toBeTruthy();
});

it('asks for nothing and draws nothing before it is looked at', async () => {
  view.hide();
  await settled(() => Widget.attach(view, document.body));
  expect(looked.mock.calls).toEqual([[false]]);
  expect(start).not.toHaveBeenCalled();
  expect(view.node.textContent).toBe('');
});
