import { afterEach, describe, expect, it } from 'vitest';

import { times } from './plot';

const noon = new Date(2026, 10, 22, 12).getTime() / 1000;

describe('marks of time', () => {
  afterEach(() => {
    document.documentElement.lang = '';
  });

  it('have seconds where they are close, and the day once', () => {
    document.documentElement.lang = 'en';
    expect(times([noon, noon + 30, noon + 60], 30)).toEqual([
      '12:00:00\nNov 22',
      '12:00:30',
      '12:01:00'
    ]);
  });

  it('have the day where another one begins', () => {
    document.documentElement.lang = 'en';
    expect(times([noon, noon + 6 * 3600, noon + 12 * 3600], 21600)).toEqual([
      '12:00\nNov 22',
      '18:00',
      '00:00\nNov 23'
    ]);
  });

  it('are days alone where they are far from each other', () => {
    document.documentElement.lang = 'zh-TW';
    expect(times([noon, noon + 86400], 86400)).toEqual([
      '11月22日',
      '11月23日'
    ]);
  });
});
