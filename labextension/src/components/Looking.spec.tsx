import { nullTranslator } from '@jupyterlab/translation';
import { MessageLoop } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';
import { act, fireEvent, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

import type { IJobsub } from '../tokens';
import { Shown } from './hooks';
import { Looking } from './Looking';

const start = vi.fn();
const looked = vi.fn();
const connectionChanged = new Signal<object, { online: boolean }>({});
const jobsub = {
  jobs: { page: { start, connectionChanged } },
  trans: nullTranslator.load('')
} as unknown as IJobsub;
let broken = false;
let there = true;

function Content(): JSX.Element {
  if (broken) {
    throw new Error('out of paper');
  }
  return <p>{React.useContext(Shown) ? 'is seen' : 'is not seen'}</p>;
}

class View extends Looking {
  protected look(active: boolean): void {
    looked(active);
  }

  protected async load(): Promise<() => JSX.Element> {
    if (!there) {
      throw new Error('Loading chunk 1 failed.');
    }
    return () => <Content />;
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

it('says that it has failed, and goes on when it can', async () => {
  const quiet = vi.spyOn(console, 'error').mockReturnValue();
  const hush = (event: Event) => event.preventDefault();
  window.addEventListener('error', hush);
  broken = true;
  await settled(() => Widget.attach(view, document.body));
  expect(screen.getByRole('alert').textContent).toContain('out of paper');
  broken = false;
  fireEvent.click(screen.getByRole('button', { name: 'Try again' }));
  expect(screen.getByText('is seen')).toBeTruthy();
  window.removeEventListener('error', hush);
  quiet.mockRestore();
});

it('says that it could not be loaded, and tries again', async () => {
  there = false;
  await settled(() => Widget.attach(view, document.body));
  expect(screen.getByRole('alert').textContent).toContain(
    'This could not be loaded.'
  );
  there = true;
  const button = screen.getByRole('button', { name: 'Try again' });
  await settled(() => fireEvent.click(button));
  expect(screen.getByText('is seen')).toBeTruthy();
});

it('tries again to load what could not be loaded when the server answers again', async () => {
  there = false;
  await settled(() => Widget.attach(view, document.body));
  there = true;
  await settled(() => connectionChanged.emit({ online: true }));
  expect(screen.getByText('is seen')).toBeTruthy();
});

it('tries again to load what could not be loaded when it is shown again', async () => {
  there = false;
  await settled(() => Widget.attach(view, document.body));
  there = true;
  await settled(() => view.hide());
  await settled(() => view.show());
  expect(screen.getByText('is seen')).toBeTruthy();
});
