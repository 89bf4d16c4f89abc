import { describe, expect, it } from 'vitest';

import { compact, paint, plain, PLAIN, styleAfter } from './ansi';

const shown = (raw: string) =>
  paint(raw, PLAIN)
    .runs.map(run => run.text)
    .join('');
const styles = (raw: string) => paint(raw, PLAIN).runs;

describe('a line as a terminal shows it', () => {
  it.each([
    ['text', 'text'],
    ['with windows’ end\r', 'with windows’ end'],
    ['10%\r20%', '20%'],
    ['abcdef\rxy', 'xycdef'],
    ['abcdef\rxy\x1b[K', 'xy'],
    ['abcdef\x1b[1K!', '      !'],
    ['abc\x1b[2K\rd', 'd  '],
    ['abc\b\bX', 'aXc'],
    ['abc\x1b[3DX\x1b[1CY', 'XbY'],
    ['abc\x1b[2GX', 'aXc'],
    ['abc\x1b[5GX', 'abc X'],
    ['abcdef\x1b[2G\x1b[2P', 'adef'],
    ['tab\tstays', 'tab\tstays'],
    ['bell\x07 and \x00nul', 'bell and nul'],
    ['a title\x1b]0;of a window\x07 is none', 'a title is none'],
    ['a report\x1b]7717;0.5;half\x1b\\ is none', 'a report is none'],
    ['not whole \x1b[3', 'not whole '],
    ['not whole \x1b]7717;0.', 'not whole '],
    ['\x1b[?25lhidden cursor', 'hidden cursor'],
    ['\x1b(Bcharacter set', 'character set'],
    ['█▌ 语言 \u{1f600}\r▌', '▌▌ 语言 \u{1f600}']
  ])('%j shows as %j', (raw, text) => {
    expect(shown(raw)).toBe(text);
    expect(plain(raw)).toBe(text);
  });

  it.each([
    ['\x1b[31mred', { color: '#e75c58' }],
    ['\x1b[97mbright', { color: '#a1a6b2' }],
    ['\x1b[1;4mboth', { bold: true, underline: true }],
    ['\x1b[38;5;196mof 256', { color: '#ff0000' }],
    ['\x1b[38;5;244mgrey', { color: '#808080' }],
    ['\x1b[48;2;1;2;255mtrue', { background: '#0102ff' }],
    ['\x1b[38:2::10:20:30mcolons', { color: '#0a141e' }],
    ['\x1b[103mbehind', { background: '#b27d12' }],
    ['\x1b[31m\x1b[0;3mafter a reset', { italic: true }],
    ['\x1b[31;42m\x1b[39mforeground again', { background: '#00a250' }],
    ['\x1b[38;5;999mno colour', {}],
    ['\x1b[31m\x1b[mreset', {}]
  ])('%j has its style', (raw, style) => {
    expect(styles(raw)[0].style).toEqual(style);
  });

  it('keeps the style of what is not written over', () => {
    const runs = styles('\x1b[31mabcd\x1b[0m\rx\x1b[32my');
    expect(runs.map(({ text, style }) => [text, style.color])).toEqual([
      ['x', undefined],
      ['y', '#00a250'],
      ['cd', '#e75c58']
    ]);
  });

  it('goes on in the style of the line before', () => {
    const style = styleAfter('\x1b[1;31mred', PLAIN);
    expect(style).toEqual({ bold: true, color: '#e75c58' });
    expect(paint('still', style).runs).toEqual([{ text: 'still', style }]);
  });

  it('can be written shorter', () => {
    let raw = '';
    for (let n = 0; n < 1000; n++) {
      raw += `\r\x1b[1;3${n % 8};48;5;${n % 256}mstep ${n}\x1b[0m of 1000`;
    }
    raw += '\r';
    const short = compact(raw, PLAIN);
    expect(short.length).toBeLessThan(100);
    expect(paint(short, PLAIN)).toEqual(paint(raw, PLAIN));
    expect(shown(`${short}X`)).toBe('Xtep 999 of 1000');
  });
});
