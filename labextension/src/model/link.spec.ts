import { describe, expect, it } from 'vitest';

import { filterOf, withFilter, withoutFilter } from './link';

describe('the address of the page', () => {
  it('names a filter, which is read from it again', () => {
    const filter = {
      mine: true,
      group: ['vision', 'a b&c'],
      phase: ['Failed' as const],
      text: 'lr=0.1',
      sort: 'name' as const,
      order: 'desc' as const
    };
    const search = withFilter('?token=x', filter);
    expect(search).toMatch(/^\?token=x&jobs=mine&/);
    expect(filterOf(search)).toEqual({
      ...filter,
      user: undefined,
      sweep: undefined
    });
  });

  it('says nothing of what is not given', () => {
    expect(withFilter('', {})).toBe('?jobs=all');
  });

  it('does not repeat what was to be done once', () => {
    expect(withFilter('?reset', { mine: true })).toBe('?jobs=mine');
  });

  it('is left as it was when there is no table', () => {
    const search = withFilter('?other=1', { phase: ['Failed'], text: 'abc' });
    expect(withoutFilter(search)).toBe('?other=1');
    expect(withoutFilter('?jobs=mine')).toBe('');
    expect(withoutFilter('?text=of-others')).toBe('?text=of-others');
  });

  it('loses what no table could have as it is read', () => {
    const search =
      '?jobs=mine&sort=bogus&order=up&phase=Failed&phase=Nosuch&phase=unfinished';
    expect(filterOf(search)).toEqual({
      mine: true,
      group: [],
      phase: ['Failed', 'unfinished']
    });
  });

  it('may name none', () => {
    expect(filterOf('?text=of-others')).toBeNull();
  });
});
