import { describe, expect, it } from 'vitest';

import { offers, textOf, valueOf } from './tagged';

const SOURCE = `import os
rate = 0.1  # how fast
model: str = "a # b"
same == 1
if x: y = 2
empty =
`;

describe('a notebook', () => {
  it('offers what its tagged cell assigns', () => {
    const cells = [
      { metadata: {}, source: 'other = 1' },
      { metadata: { tags: ['parameters'] }, source: SOURCE }
    ];
    const metadata = { kernelspec: { name: 'python3' } };
    expect(offers({ cells, metadata })).toEqual({
      kernel: 'python3',
      parameters: [
        { name: 'rate', source: '0.1', comment: 'how fast' },
        { name: 'model', source: '"a # b"', comment: '' }
      ]
    });
  });

  it('may offer nothing', () => {
    expect(offers({})).toEqual({ kernel: null, parameters: [] });
  });
});

describe('a value', () => {
  it.each([
    ['5', 5],
    ['1.10', 1.1],
    ['.5', 0.5],
    ['True', true],
    ['None', null],
    ['[1, "a"]', [1, 'a']],
    ['"5"', '5'],
    ['plain text', 'plain text'],
    ['', '']
  ])('typed as %s is %j', (text, value) => {
    expect(valueOf(text)).toEqual(value);
    expect(valueOf(textOf(value))).toEqual(value);
  });
});
