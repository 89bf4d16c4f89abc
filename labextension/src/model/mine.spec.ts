import { Signal } from '@lumino/signaling';
import { describe, expect, it, vi } from 'vitest';

import { Mine } from './mine';

/** Something told, by the test. */
class Said {
  changed = new Signal<this, void>(this);
  value: any = null;
  left = vi.fn();
  watch = vi.fn(() => this.left);

  say(value: any) {
    this.value = value;
    this.changed.emit();
  }
}

const group = (...users: [string, number, number][]) => ({
  users: users.map(([name, running, waiting]) => ({ name, running, waiting }))
});

describe('Mine', () => {
  it('counts one’s own jobs in all groups, and tells another number once', () => {
    const [catalog, usage] = [new Said(), new Said()];
    const mine = new Mine(catalog as any, usage as any);
    const changed = vi.fn();
    mine.changed.connect(changed);
    usage.say({ groups: [group(['ada', 1, 0], ['bob', 5, 5])] });
    expect(mine.running).toBe(0); // who asks isn't known yet
    catalog.say({ user: 'ada' });
    expect([mine.running, mine.waiting]).toEqual([1, 0]);
    usage.say({ groups: [group(['ada', 1, 2]), group(['ada', 1, 1])] });
    expect([mine.running, mine.waiting]).toEqual([2, 3]);
    usage.say({ groups: [group(['ada', 1, 2]), group(['ada', 1, 1])] });
    expect(changed).toHaveBeenCalledTimes(2);
  });

  it('asks for nothing before it is started, and for nothing when it is gone', () => {
    const [catalog, usage] = [new Said(), new Said()];
    const mine = new Mine(catalog as any, usage as any);
    expect(usage.watch).not.toHaveBeenCalled();
    mine.start();
    mine.start();
    expect(usage.watch).toHaveBeenCalledTimes(1);
    mine.dispose();
    expect(usage.left).toHaveBeenCalledTimes(1);
    expect(catalog.left).toHaveBeenCalledTimes(1);
  });
});
