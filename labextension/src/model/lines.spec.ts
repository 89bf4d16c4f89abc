import { describe, expect, it } from 'vitest';

import { Lines } from './lines';

const texts = (lines: Lines) =>
  Array.from({ length: lines.length }, (_, n) => lines.at(n).text);

/** Lines made of pieces, of which each has the number of its characters so far as cursor. */
function written(...pieces: string[]): Lines {
  const lines = new Lines('1:0');
  pieces.reduce((sum, piece) => {
    lines.append(piece, `1:${sum + piece.length}`);
    return sum + piece.length;
  }, 0);
  return lines;
}

describe('lines', () => {
  it('come in pieces that are cut anywhere', () => {
    const text =
      'one\n\x1b[31mtwo\x1b[0m\nlines\r\nthree\rTH\n\x1b[2Aup\n\n\n4';
    const whole = texts(written(text));
    expect(whole).toEqual(['one', 'two', 'upnes', 'THree', '', '4']);
    for (let size = 1; size < 9; size++) {
      const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g'))!;
      expect(texts(written(...pieces))).toEqual(whole);
    }
  });

  it('have colours that go on from line to line and piece to piece', () => {
    const lines = written('\x1b[3', '1mred\nst', 'ill\n\x1b[0', 'mno more\n');
    const colors = [0, 1, 2].map(n => lines.at(n).painted.runs[0].style.color);
    expect(colors).toEqual(['#e75c58', '#e75c58', undefined]);
  });

  it('redraw several bars in place', () => {
    const lines = written(
      'a: 0%\nb: 0%\n',
      '\x1b[A\x1b[Aa: 50%\nb: 50%\n',
      '\x1b[2A\x1b[2Kgone\x1b[J'
    );
    expect(texts(lines)).toEqual(['gone', '', '']);
  });

  it('take no more than what a bar shows, however often it is redrawn', () => {
    const lines = new Lines('1:0');
    for (let n = 0; n < 20_000; n++) {
      lines.append(`\r${n}/20000 ${'█'.repeat(20)}`, `1:${n}`);
    }
    expect(texts(lines)).toEqual([`19999/20000 ${'█'.repeat(20)}`]);
    expect(lines.size).toBeLessThan(25_000);
  });

  it('break a line that has no end', () => {
    const lines = written('x'.repeat(30_000), '\x1b[31my'.repeat(5000), '\nz');
    const text = 'x'.repeat(30_000) + 'y'.repeat(5000) + 'z';
    expect(texts(lines).join('') === text).toBe(true);
    expect(lines.length).toBeGreaterThan(3);
  });

  it('grow at their beginning, amid a line too', () => {
    const lines = new Lines('1:9');
    lines.append('e\nthree', '1:20');
    const { first } = lines;
    lines.prepend('\x1b[32mone\ntw', '1:2');
    expect(texts(lines)).toEqual(['one', 'twe', 'three']);
    expect(lines.first).toBe(first - 1);
    expect(lines.start).toBe('1:2');
    expect(lines.at(2).painted.runs[0].style.color).toBe('#00a250');
    lines.prepend('zero\n', '1:0');
    expect(texts(lines)).toEqual(['zero', 'one', 'twe', 'three']);
  });

  /** A log in pieces that end amid lines, and any part of it by cursor. */
  const log = Array.from({ length: 400 }, (_, n) => `line ${n}\n`).join('');
  const pieces = log.match(/[^]{1,37}/g)!;
  const offset = (cursor: string) => Number(cursor.split(':')[1]);

  it('are cut at their beginning, and grow there again', () => {
    const lines = written(...pieces);
    const all = texts(lines);
    lines.trimStart(10_000);
    expect(lines.size).toBeLessThanOrEqual(10_000);
    expect(lines.size).toBeGreaterThan(9000);
    const kept = texts(lines);
    expect(kept).toEqual(all.slice(-kept.length));
    expect(lines.first).toBe(all.length - kept.length);
    lines.prepend(log.slice(0, offset(lines.start)), '1:0');
    expect(texts(lines)).toEqual(all);
    expect(lines.size).toBe(written(log).size);
    expect(lines.first).toBe(0);
  });

  it('are cut at their end, and grow there again', () => {
    const lines = written(...pieces);
    const all = texts(lines);
    lines.trimEnd(10_000);
    expect(lines.size).toBeLessThanOrEqual(10_000);
    expect(lines.size).toBeGreaterThan(9000);
    const kept = texts(lines);
    expect(kept.slice(0, -1)).toEqual(all.slice(0, kept.length - 1));
    lines.append(log.slice(offset(lines.end)), `1:${log.length}`);
    expect(texts(lines)).toEqual(all);
    expect(lines.size).toBe(written(log).size);
  });

  it('are cut nowhere but where a cursor is known', () => {
    const lines = written(log);
    lines.trimStart(5000);
    expect(lines.start).toBe(`1:${log.length}`);
    expect(texts(lines)).toEqual(['']);
  });
});
