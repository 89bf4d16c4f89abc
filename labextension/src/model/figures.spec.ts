import { nullTranslator } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { row } from '../../test/rows';
import type { TaskMetrics } from '../api/types';
import { figures, metricsOf, summary, times } from './figures';

const trans = nullTranslator.load('jupyter_jobsub');
const AT = '2026-01-31T08:20:10.000000Z';

function metrics(changes: Partial<TaskMetrics> = {}): TaskMetrics {
  return {
    id: row().id,
    attempt: 1,
    role: 'main',
    task: 0,
    window: '15m',
    step_seconds: 10,
    at: [null, AT, null],
    cpu: [null, 1500, 3000],
    memory: [null, 2 ** 30, 2 ** 29],
    disk_read: [null, 0, null],
    disk_write: [null, null, null],
    network_received: [null, 1024, null],
    network_sent: [null, 0, null],
    network_scope: 'host',
    gpus: [],
    ...changes
  };
}

describe('figures', () => {
  it('have a line for each thing that is measured, of GPUs where there are any', () => {
    const gpu = {
      uuid: 'GPU-1',
      name: 'A100',
      memory_total: 2 ** 36,
      utilization: [null, 0.5, 1],
      memory: [null, 2 ** 30, null]
    };
    const names = (of: TaskMetrics) =>
      figures(of, trans).map(({ name }) => name);
    expect(names(metrics())).toEqual([
      'CPU',
      'Memory',
      'Disk',
      'Network of its machine'
    ]);
    expect(names(metrics({ gpus: [gpu] })).slice(4)).toEqual([
      'GPU use',
      'GPU memory'
    ]);
    const unknown = { ...gpu, memory: [null, null, null] };
    expect(names(metrics({ gpus: [unknown] })).slice(4)).toEqual(['GPU use']);
  });

  it('are told in words', () => {
    const [cpu, memory, disk] = figures(metrics(), trans);
    expect(summary(cpu, trans)).toEqual(['Cores: 3, at most 3']);
    expect(summary(memory, trans)).toEqual([
      'Resident: 512 MiB, at most 1 GiB'
    ]);
    expect(summary(disk, trans)).toEqual([
      'Read: 0 B/s, at most 0 B/s',
      'Written: not known'
    ]);
  });

  it('have a time for each step, also where nothing is known', () => {
    const at = Date.parse(AT) / 1000;
    expect(times(metrics())).toEqual([at - 10, at, at + 10]);
  });
});

describe('metrics', () => {
  let asked = 0;
  const jobs = {
    changed: new Signal<object, any>({}),
    renewed: new Signal<object, void>({}),
    page: { connectionChanged: new Signal<object, void>({}) },
    api: { metrics: async () => (asked++, metrics()) }
  };
  const tell = (second: string, moved = false) =>
    jobs.changed.emit({
      id: row().id,
      job: row({
        usage: { at: `2026-01-31T08:${second}Z`, cpu: 1, memory: 1, gpus: [] }
      }),
      moved
    });
  const settle = () => vi.advanceTimersByTimeAsync(1000);

  beforeEach(() => {
    vi.useFakeTimers();
    asked = 0;
  });
  afterEach(() => vi.useRealTimers());

  it('are read again after a sample of another step, while somebody looks', async () => {
    const told = metricsOf(jobs as any, row().id, { window: '1h' });
    tell('20:00');
    await settle();
    expect(asked).toBe(0);
    const unwatch = told.watch();
    await settle();
    expect(asked).toBe(1);
    for (const second of ['20:10', '20:20', '20:20']) {
      tell(second);
      await settle();
    }
    expect(asked).toBe(1);
    tell('20:30');
    await settle();
    expect(asked).toBe(2);
    tell('20:31', true);
    await settle();
    expect(asked).toBe(3);
    unwatch();
    tell('21:00');
    await settle();
    expect(asked).toBe(3);
    told.dispose();
  });
});
