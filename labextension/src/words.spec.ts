import { describe, expect, it } from 'vitest';

import { row } from '../test/rows';
import {
  advice,
  bytes,
  devices,
  duration,
  runningTime,
  time,
  title,
  unmasked
} from './words';

describe('words', () => {
  it.each([
    [0.4, '0s'],
    [42, '42s'],
    [724, '12m04s'],
    [11100, '3h05m'],
    [187200, '2d04h']
  ])('a duration of %d s is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it.each([
    ['t\u202excod.exe', 't<U+202E>xcod.exe'],
    ['a\nb', 'a<U+000A>b'],
    ['训练/👩‍👩‍👧 می‌خواهم', '训练/👩‍👩‍👧 می‌خواهم']
  ])('%j is shown as %s', (text, shown) => {
    expect(unmasked(text)).toBe(shown);
  });

  it.each([
    [0, '0 B'],
    [1023, '1020 B'],
    [536870912, '512 MiB'],
    [1610612736, '1.5 GiB']
  ])('%d bytes are %s', (amount, text) => {
    expect(bytes(amount)).toBe(text);
  });

  it.each([
    ['It ended.', 'try again', 'It ended – try again'],
    ['It ended.', '', 'It ended.']
  ])('says what is wrong and what to do: %s, %s', (message, remedy, text) => {
    expect(advice({ message, remedy })).toBe(text);
  });

  it('counts the devices of every kind', () => {
    expect(devices({ cpu: 1, memory: 1, gpu: { A100: 2, T4: 1 } })).toBe(3);
  });

  it('writes a time in the language of the page', () => {
    document.documentElement.lang = 'zh-CN';
    expect(time('2026-01-31T12:15:32Z')).toContain('2026年1月');
    document.documentElement.lang = '';
  });

  it('calls a job without a name by its id', () => {
    expect(title(row({ name: null }))).toBe('job-20260131-4k7m2p9q');
  });

  it('counts the time of what runs up to now, of what has ended up to then', () => {
    const now = Date.parse('2026-01-31T08:16:32Z');
    expect(runningTime(row(), now)).toBe(60);
    const ended = { finished_at: '2026-01-31T08:15:42Z' };
    expect(runningTime(row({ phase: 'Failed', ...ended }), now)).toBe(10);
    expect(runningTime(row({ phase: 'Pending' }), now)).toBeNull();
  });
});
