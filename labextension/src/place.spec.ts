import type { JupyterFrontEnd } from '@jupyterlab/application';
import { TabPanel, Widget } from '@lumino/widgets';
import { beforeEach, expect, it, vi } from 'vitest';

import { bring } from './place';
import type { IJobsub } from './tokens';

let below: TabPanel;
const activateById = vi.fn();
const add = vi.fn((widget: Widget, area: string) => {
  if (area === 'down') {
    below.addWidget(widget);
  }
});
const shell = { add, activateById } as unknown as JupyterFrontEnd.IShell;
const areas = (...names: string[]) => ({ areas: names }) as unknown as IJobsub;

beforeEach(() => {
  below = new TabPanel();
  Widget.attach(below, document.body);
  add.mockClear();
  return () => below.dispose();
});

it('is before the person where another view was, and added once', () => {
  const [one, other] = [new Widget(), new Widget()];
  for (const widget of [one, other, one]) {
    bring(shell, widget, areas('down', 'right'));
    expect(below.currentWidget).toBe(widget);
    expect(activateById).toHaveBeenLastCalledWith(widget.id);
  }
  expect(add.mock.calls).toEqual([
    [one, 'down'],
    [other, 'down']
  ]);
});

it('is in the first area that takes it', () => {
  const widget = new Widget();
  bring(shell, widget, areas('elsewhere', 'down'));
  expect(add.mock.calls).toEqual([
    [widget, 'elsewhere'],
    [widget, 'down']
  ]);
});
