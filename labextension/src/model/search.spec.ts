import { describe, expect, it } from 'vitest';

import { Lines } from './lines';
import { Search, type IFind } from './search';

function lines(text: string): Lines {
  const all = new Lines('1:0');
  all.append(text, '1:1');
  return all;
}

describe('Search', () => {
  it('finds a text in what is shown, whatever its case', () => {
    const all = lines('\x1b[31mEr\x1b[0mror: an ERROR\n0%\rno error.\n(a+)\n');
    const search = new Search('error');
    expect(search.in(all.at(0))).toEqual([
      [0, 5],
      [10, 15]
    ]);
    expect(search.in(all.at(1))).toEqual([[3, 8]]);
    expect(new Search('(A+)').in(all.at(2))).toEqual([[0, 4]]);
    expect(new Search('').in(all.at(0))).toEqual([]);
  });

  it('goes from one to the next, around both ends, and counts', () => {
    const all = lines('a a\nb\na\n');
    const search = new Search('a');
    let current: IFind | null = { line: 0, nth: -1 };
    const places = [1, 1, 1, 1, -1, -1].map(step => {
      current = search.next(all, current!, step as 1 | -1);
      return search.count(all, current).at;
    });
    expect(places).toEqual([1, 2, 3, 1, 3, 2]);
    expect(search.count(all, null)).toEqual({ all: 3, at: 0 });
    expect(new Search('c').next(all, current!, 1)).toBeNull();
  });

  it('goes on around the end in a single line', () => {
    const all = lines('a a');
    const search = new Search('a');
    expect(search.next(all, { line: 0, nth: 1 }, 1)).toEqual({
      line: 0,
      nth: 0
    });
    expect(search.next(all, { line: 0, nth: 0 }, -1)).toEqual({
      line: 0,
      nth: 1
    });
  });

  it('looks again at a line that was written on', () => {
    const all = lines('a');
    const search = new Search('a');
    expect(search.in(all.at(0))).toHaveLength(1);
    all.append('aa', '1:2');
    expect(search.in(all.at(0))).toHaveLength(3);
  });

  it('stays where it was when lines come before', () => {
    const all = lines('x\na\n');
    const search = new Search('a');
    const current = search.next(all, { line: all.first, nth: -1 }, 1);
    all.prepend('a\n', '1:0');
    expect(search.count(all, current)).toEqual({ all: 2, at: 2 });
  });
});
