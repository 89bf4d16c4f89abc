import type { TranslationBundle } from '@jupyterlab/translation';

import type { MetricsQuery, TaskMetrics } from '../api/types';
import { bytes } from '../words';
import type { IJobChange, Jobs } from './jobs';
import { Told } from './told';

export type Window = NonNullable<MetricsQuery['window']>;

/** Windows, and the seconds of their steps: of a lifetime longer than a day, more. */
export const STEPS: Record<Window, number> = {
  '15m': 10,
  '1h': 30,
  '3h': 120,
  lifetime: 300
};

type Values = (number | null)[];

/** Lines that are drawn in one chart. */
export interface IFigure {
  name: string;
  lines: { name: string; values: Values }[];
  /** Whether it counts bytes, so that its scale goes by powers of two. */
  binary: boolean;
  format(value: number): string;
}

/**
 * What a task used: read when somebody looks, and again when its job tells of a sample of another step.
 */
export function metricsOf(
  jobs: Jobs,
  id: string,
  query: MetricsQuery & { window: Window }
): Told<TaskMetrics> {
  const step = STEPS[query.window] * 1000;
  let last = 0;
  const changes = ({ id: of, job, moved }: IJobChange) => {
    const at = job?.usage?.at;
    const now = at ? Math.floor(Date.parse(at) / step) : last;
    const another = now !== last;
    if (of !== id || !job) {
      return false;
    }
    last = now;
    return moved || another;
  };
  return new Told(jobs, () => jobs.api.metrics(id, query), changes);
}

/** When each step began, in seconds; steps of which nothing is known lie between those of which something is. */
export function times({ at, step_seconds: step }: TaskMetrics): number[] {
  const known = at.findIndex(time => time !== null);
  const first = Date.parse(at[known] ?? '') / 1000 - known * step;
  return at.map((time, n) =>
    time === null ? first + n * step : Date.parse(time) / 1000
  );
}

/** Whether anything was measured. */
export function measured({ at }: TaskMetrics): boolean {
  return at.some(time => time !== null);
}

/** What is charted of a task's metrics; GPUs only where they were measured. */
export function figures(
  metrics: TaskMetrics,
  trans: TranslationBundle
): IFigure[] {
  const rate = (value: number) => trans.__('%1/s', bytes(value));
  const size = { binary: true, format: bytes };
  const flow = { binary: true, format: rate };
  const share = { binary: false, format: percent };
  const cores = metrics.cpu.map(milli => milli && milli / 1000);
  const line = (name: string, values: Values) => ({ name, values });
  const always = [
    {
      name: trans.__('CPU'),
      lines: [line(trans.__('Cores'), cores)],
      binary: false,
      format: (value: number) => String(Number(value.toPrecision(3)))
    },
    {
      name: trans.__('Memory'),
      lines: [line(trans.__('Resident'), metrics.memory)],
      ...size
    },
    {
      name: trans.__('Disk'),
      lines: [
        line(trans.__('Read'), metrics.disk_read),
        line(trans.__('Written'), metrics.disk_write)
      ],
      ...flow
    },
    {
      name:
        metrics.network_scope === 'host'
          ? trans.__('Network of its machine')
          : trans.__('Network'),
      lines: [
        line(trans.__('Received'), metrics.network_received),
        line(trans.__('Sent'), metrics.network_sent)
      ],
      ...flow
    }
  ];
  const each = (of: 'utilization' | 'memory') =>
    metrics.gpus.map((gpu, n) => line(`${n} ${gpu.name}`, gpu[of]));
  const devices = [
    { name: trans.__('GPU use'), lines: each('utilization'), ...share },
    { name: trans.__('GPU memory'), lines: each('memory'), ...size }
  ];
  return [...always, ...devices.filter(known)];
}

/** Whether any of it was measured. */
function known({ lines }: Pick<IFigure, 'lines'>): boolean {
  return lines.some(({ values }) => values.some(value => value !== null));
}

function percent(value: number): string {
  return `${Math.round(value * 100)}%`;
}

/** What a chart shows, for who sees none: the newest value and the highest of each line. */
export function summary(figure: IFigure, trans: TranslationBundle): string[] {
  return figure.lines.map(({ name, values }) => {
    const known = values.filter((value): value is number => value !== null);
    return known.length
      ? trans.__(
          '%1: %2, at most %3',
          name,
          figure.format(known[known.length - 1]),
          figure.format(Math.max(...known))
        )
      : trans.__('%1: not known', name);
  });
}
