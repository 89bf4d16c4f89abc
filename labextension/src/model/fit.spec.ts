import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import type { Amounts, InstanceType, Quota } from '../api/types';
import { asked, beyond, room, typeOf, type IBound } from './fit';

const trans = nullTranslator.load('');
const amounts = (cpu: number, gpu: Record<string, number> = {}): Amounts => ({
  cpu,
  memory: 0,
  gpu
});
const type = (name: string, has: Amounts): InstanceType => ({
  name,
  description: '',
  ...has
});
const types = [
  type('small', amounts(1000)),
  type('gpu', amounts(2000, { A100: 2 }))
];
const bound = (quota: Partial<Quota>, held = amounts(0)): IBound => ({
  whose: 'your quota',
  title: 'You',
  quota: { cpu: null, memory: null, gpus: null, gpu: {}, ...quota },
  held
});

describe('what fits', () => {
  it('is what the tightest bound leaves', () => {
    const all = [
      bound({ cpu: 4000 }, amounts(1000)),
      bound({ gpu: { A100: 4 } })
    ];
    expect(types.map(one => room(one, all))).toEqual([3, 1]);
    expect(room(types[0], [bound({})])).toBeNull();
    expect(room(types[0], [bound({ cpu: 500 }, amounts(1000))])).toBe(0);
  });

  it('is never what a bound is smaller than, whatever is free', () => {
    const all = [bound({ cpu: 1500, gpu: { A100: 2 } }, amounts(1500))];
    expect(beyond(types[0], all, trans)).toEqual([]);
    expect(beyond(types[1], all, trans)).toEqual([
      'asks for 2 CPUs, more than your quota (1.5 CPUs)'
    ]);
  });
});

describe('what a job asks for', () => {
  it('is its type, the first if none is named', () => {
    expect(asked({}, types)).toBe(types[0]);
    expect(asked({ instance_type: 'gpu' }, types)).toBe(types[1]);
    expect(typeOf({ gpus: 1 }, types)).toBe(types[1]);
    expect(typeOf({ instance_type: 'none' }, types)).toBeUndefined();
  });

  it('is the sum of its tasks', () => {
    const task_roles = [
      { tasks: 3 },
      { tasks: 2, instance_type: 'gpu' },
      { tasks: 'x' }
    ];
    expect(asked({ task_roles }, types)).toEqual(amounts(7000, { A100: 4 }));
  });
});
