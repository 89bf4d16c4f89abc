import type { TranslationBundle } from '@jupyterlab/translation';

import type {
  Amounts,
  Catalog,
  InstanceType,
  Quota,
  Usage
} from '../api/types';
import { bytes } from '../words';
import type { Draft } from './spec';

/** Something that bounds what jobs hold together. */
export interface IBound {
  /** Whose it is, as in a sentence; and as a heading. */
  whose: string;
  title: string;
  quota: Quota;
  held: Amounts;
}

const NOTHING: Amounts = { cpu: 0, memory: 0, gpu: {} };

/** What bounds a person's jobs in a group: their own quota there, the group's, and the machine. */
export function bounds(
  group: string | undefined,
  catalog: Catalog,
  usage: Usage | null,
  trans: TranslationBundle
): IBound[] {
  const found = catalog.groups.find(({ name }) => name === group);
  if (!found) {
    return [];
  }
  const used = usage?.groups.find(({ name }) => name === group);
  const own = used?.users.find(({ name }) => name === catalog.user);
  const all: IBound[] = [
    {
      whose: trans.__('your quota in %1', found.name),
      title: trans.__('You'),
      quota: found.user_quota,
      held: own?.held ?? NOTHING
    },
    {
      whose: trans.__('the quota of %1', found.name),
      title: found.name,
      quota: found.quota,
      held: used?.held ?? NOTHING
    }
  ];
  if (usage?.capacity) {
    all.push({
      whose: trans.__('what this machine has'),
      title: trans.__('Machine'),
      quota: asQuota(usage.capacity),
      held: usage.held
    });
  }
  return all;
}

function asQuota({ cpu, memory, gpu }: Amounts): Quota {
  return { cpu, memory, gpus: total(gpu), gpu };
}

function total(gpu: Record<string, number>): number {
  return Object.values(gpu).reduce((sum, n) => sum + n, 0);
}

/** The names of the resources that are asked for, and of each: asked, held and the bound, if there is one. */
function rows(
  asked: Amounts,
  { quota, held }: IBound
): [name: string, asked: number, held: number, limit: number | null][] {
  return [
    ['cpu', asked.cpu, held.cpu, quota.cpu],
    ['memory', asked.memory, held.memory, quota.memory],
    ['gpu', total(asked.gpu), total(held.gpu), quota.gpus],
    ...Object.entries(asked.gpu).map(
      ([kind, n]) =>
        [kind, n, held.gpu[kind] ?? 0, quota.gpu[kind] ?? null] as [
          string,
          number,
          number,
          number | null
        ]
    )
  ];
}

/** Say each bound that something goes beyond even when nothing else runs. */
export function beyond(
  asked: Amounts,
  all: readonly IBound[],
  trans: TranslationBundle
): string[] {
  return all.flatMap(bound =>
    rows(asked, bound)
      .filter(([, n, , limit]) => n > 0 && limit !== null && n > limit)
      .map(([name, n, , limit]) =>
        trans.__(
          'asks for %1, more than %2 (%3)',
          amount(name, n, trans),
          bound.whose,
          amount(name, limit ?? 0, trans)
        )
      )
  );
}

/** How many of something could start now; null if nothing bounds it. */
export function room(asked: Amounts, all: readonly IBound[]): number | null {
  const times = all.flatMap(bound =>
    rows(asked, bound)
      .filter(([, n, , limit]) => n > 0 && limit !== null)
      .map(([, n, held, limit]) => Math.floor(((limit ?? 0) - held) / n))
  );
  return times.length ? Math.max(0, Math.min(...times)) : null;
}

/** Write an amount of a resource. */
export function amount(
  name: string,
  n: number,
  trans: TranslationBundle
): string {
  switch (name) {
    case 'cpu':
      return trans._n('%1 CPU', '%1 CPUs', n / 1000);
    case 'memory':
      return bytes(n);
    case 'gpu':
      return trans._n('%1 GPU', '%1 GPUs', n);
    default:
      return trans._n('%1 %2 GPU', '%1 %2 GPUs', n, name);
  }
}

/** Write what something has: CPUs, memory, GPUs of each kind. */
export function amounts(
  { cpu, memory, gpu }: Amounts,
  trans: TranslationBundle
): string[] {
  return [
    cpu ? amount('cpu', cpu, trans) : '',
    memory ? amount('memory', memory, trans) : '',
    ...Object.entries(gpu).map(([kind, n]) => amount(kind, n, trans))
  ].filter(Boolean);
}

/** The instance types that a group may use, its default first. */
export function typesOf(
  group: string | undefined,
  catalog: Catalog
): InstanceType[] {
  const found = catalog.groups.find(({ name }) => name === group);
  return catalog.instance_types.filter(
    ({ name }) => !found || found.instance_types.includes(name)
  );
}

/** The instance type that a job gets: what it asks for, or the group's first. */
export function typeOf(
  draft: Draft,
  types: readonly InstanceType[]
): InstanceType | undefined {
  const { instance_type: name, gpus } = draft;
  if (typeof gpus === 'number') {
    const size = ({ cpu, memory, gpu }: Amounts) => [total(gpu), cpu, memory];
    return types
      .filter(type => total(type.gpu) >= gpus)
      .sort((one, other) => ascending(size(one), size(other)))[0];
  }
  return name ? types.find(type => type.name === name) : types[0];
}

function ascending(one: number[], other: number[]): number {
  const place = one.findIndex((n, i) => n !== other[i]);
  return place < 0 ? 0 : one[place] - other[place];
}

/** What a job asks for in all, as far as it is known. */
export function asked(draft: Draft, types: readonly InstanceType[]): Amounts {
  const plain = typeOf(draft, types);
  const roles = Array.isArray(draft.task_roles) ? draft.task_roles : [];
  if (!roles.length) {
    return plain ?? NOTHING;
  }
  return roles.reduce((sum: Amounts, role) => {
    const own = types.find(({ name }) => name === role?.instance_type) ?? plain;
    const n = role?.tasks ?? 1;
    return own && Number.isInteger(n) ? add(sum, own, n) : sum;
  }, NOTHING);
}

function add(sum: Amounts, one: Amounts, times: number): Amounts {
  const gpu = { ...sum.gpu };
  for (const [kind, n] of Object.entries(one.gpu)) {
    gpu[kind] = (gpu[kind] ?? 0) + n * times;
  }
  return {
    cpu: sum.cpu + one.cpu * times,
    memory: sum.memory + one.memory * times,
    gpu
  };
}
