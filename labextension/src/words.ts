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

/** Why a job is as it is: the service's own words, else what is being done to it or how it ended. */
export function why(job: Job, trans: TranslationBundle): string {
  if (job.message) {
    return unmasked(job.message);
  }
  switch (job.reason) {
    case 'Cancelling':
      return trans.__('It is being cancelled.');
    case 'Pausing':
      return trans.__('It is being paused.');
    case 'Resuming':
      return trans.__('It is being resumed.');
    case 'Preempting':
      return trans.__('It makes room for another job, and waits again then.');
    case 'Error':
      return trans.__('It ended with exit code %1.', String(job.exit_code));
    default:
      return '';
  }
}

/** What is wrong and what to do about it, as one sentence. */
export function advice(problem: { message: string; remedy: string }): string {
  const { message, remedy } = problem;
  return remedy ? `${message.replace(/\.$/, '')} – ${remedy}` : message;
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

/** A text in which what doesn't show itself, such as a turn of the direction of writing, is shown by its number. */
export function unmasked(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu,
    hidden =>
      `<U+${hidden.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}>`
  );
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

/** Resources such as 4 CPU · 16 GiB · 1 × A100. */
export function amounts(
  { cpu, memory, gpu }: Amounts,
  trans: TranslationBundle
): string {
  return [
    trans._n('%1 CPU', '%1 CPUs', cpu / 1000),
    bytes(memory),
    ...Object.entries(gpu).map(([type, number]) => `${number} × ${type}`)
  ].join(' · ');
}

/** How many devices a job has, in all. */
export function devices({ gpu }: Amounts): number {
  return Object.values(gpu).reduce((sum, n) => sum + n, 0);
}

/** By language: one takes longer to make than many times to write. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** A time as one writes it in the language that JupyterLab speaks. */
export function time(at: string): string {
  const { lang } = document.documentElement;
  let format = formats.get(lang);
  if (!format) {
    format = new Intl.DateTimeFormat(lang || undefined, {
      dateStyle: 'medium',
      timeStyle: 'medium'
    });
    formats.set(lang, format);
  }
  return format.format(new Date(at));
}

const UNITS: Record<string, number> = {
  '': 1,
  s: 1,
  m: 60,
  h: 3600,
  d: 86400,
  w: 604800
};

/** Read a duration such as 90, 30m, 1h 30m or 7d, in seconds; null if it is none. */
export function seconds(text: string): number | null {
  const bare = text.replace(/\s+/g, '').toLowerCase();
  if (!/^((\d+[smhdw])+|\d+)$/.test(bare)) {
    return null;
  }
  return [...bare.matchAll(/(\d+)([smhdw]?)/g)].reduce(
    (sum, [, n, unit]) => sum + Number(n) * UNITS[unit],
    0
  );
}

/** Write a duration so that it can be read back: 1h 30m, 7d. */
export function span(whole: number): string {
  const parts: string[] = [];
  for (const unit of ['d', 'h', 'm', 's']) {
    const n = Math.floor(whole / UNITS[unit]);
    whole -= n * UNITS[unit];
    n && parts.push(`${n}${unit}`);
  }
  return parts.join(' ') || '0s';
}
