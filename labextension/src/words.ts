import type { TranslationBundle } from '@jupyterlab/translation';

import type { Amounts, Job, Phase } from './api/types';

/** A phase in the reader's language. */
export function phaseWord(phase: Phase, trans: TranslationBundle): string {
  switch (phase) {
    case 'Pending':
      return trans.__('Pending');
    case 'Preparing':
      return trans.__('Preparing');
    case 'Running':
      return trans.__('Running');
    case 'Paused':
      return trans.__('Paused');
    case 'Unknown':
      return trans.__('Unknown');
    case 'Succeeded':
      return trans.__('Succeeded');
    case 'Failed':
      return trans.__('Failed');
    case 'Cancelled':
      return trans.__('Cancelled');
  }
}

/** Phases in the order of a job's life. */
export const PHASES: Phase[] = [
  'Pending',
  'Preparing',
  'Running',
  'Paused',
  'Unknown',
  'Succeeded',
  'Failed',
  'Cancelled'
];

export const FINAL: ReadonlySet<Phase> = new Set<Phase>([
  'Succeeded',
  'Failed',
  'Cancelled'
]);

/** What a job is called: its name, or its id if it has none. */
export function title(job: Pick<Job, 'id' | 'name'>): string {
  return job.name ?? job.id;
}

/** How long a job has run until now, in seconds; null before it has begun. */
export function runningTime(job: Job, now: number): number | null {
  if (!job.started_at || job.phase === 'Pending') {
    return null;
  }
  const end =
    FINAL.has(job.phase) && job.finished_at ? Date.parse(job.finished_at) : now;
  return Math.max(0, (end - Date.parse(job.started_at)) / 1000);
}

/** A duration such as 42s, 12m04s, 3h05m, 2d04h. */
export function duration(seconds: number): string {
  const whole = Math.floor(seconds);
  const pad = (n: number) => String(n).padStart(2, '0');
  const [days, hours, minutes] = [86400, 3600, 60].map(unit =>
    Math.floor(whole / unit)
  );
  if (days) {
    return `${days}d${pad(hours % 24)}h`;
  }
  if (hours) {
    return `${hours}h${pad(minutes % 60)}m`;
  }
  return minutes ? `${minutes}m${pad(whole % 60)}s` : `${whole}s`;
}

/** Bytes such as 512 MiB, 1.5 GiB. */
export function bytes(amount: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit++;
  }
  return `${Number(amount.toPrecision(3))} ${units[unit]}`;
}

/** How many devices a job has, in all. */
export function devices({ gpu }: Amounts): number {
  return Object.values(gpu).reduce((sum, n) => sum + n, 0);
}

/** A time as the reader writes it. */
export function time(at: string, language?: string): string {
  return new Date(at).toLocaleString(language, {
    dateStyle: 'medium',
    timeStyle: 'medium'
  });
}
