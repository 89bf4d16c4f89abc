import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Columns } from './columns';

const WIDTHS = new Map([
  ['phase', 100],
  ['name', 200],
  ['id', 180]
]);

describe('Columns', () => {
  let kept: any;
  const state = {
    fetch: async () => kept,
    save: async (_: string, value: any) => {
      kept = value;
    }
  };
  const made = () => new Columns(WIDTHS, ['phase', 'name'], state);

  beforeEach(() => {
    kept = undefined;
  });

  it('are shown in the table’s order, as wide as they were left', async () => {
    const columns = made();
    const told = vi.fn();
    columns.changed.connect(told);
    columns.shown = ['id', 'phase'];
    columns.resize('id', 99.6);
    columns.resize('phase', 1);
    expect(columns.shown).toEqual(['phase', 'id']);
    expect(told).toHaveBeenCalledTimes(3);
    const again = made();
    await again.restore();
    expect(again.shown).toEqual(['phase', 'id']);
    expect(again.width('id')).toBe(100);
    expect(again.width('phase')).toBe(48);
    expect(again.width('name')).toBe(200);
  });

  it('can be had as they were before', () => {
    const columns = made();
    columns.shown = ['id'];
    columns.resize('id', 300);
    columns.reset();
    expect(columns.shown).toEqual(['phase', 'name']);
    expect(columns.width('id')).toBe(180);
  });

  it('leave out one that there is not any more', async () => {
    kept = { shown: ['name', 'gone'], widths: {} };
    const columns = made();
    await columns.restore();
    expect(columns.shown).toEqual(['name']);
  });
});
