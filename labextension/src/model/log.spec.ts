import { Signal } from '@lumino/signaling';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { ApiError } from '../api/http';
import type { ILogReader } from '../api/page';
import { LogModel } from './log';

const encode = (text: string) => new TextEncoder().encode(text);

/** A service with a log, and a page that follows it. */
class Written {
  data = new Uint8Array();
  asked: any[] = [];
  followed: any[] = [];
  reader: ILogReader | null = null;
  failure: ApiError | null = null;
  page = {
    connectionChanged: new Signal<this, void>(this),
    connection: { online: true },
    follow: (target: any, reader: ILogReader) => {
      this.followed.push(target);
      this.reader = reader;
      return {
        isDisposed: false,
        dispose: () => {
          this.reader = null;
        }
      };
    }
  };
  api = {
    log: async (_: string, query: any) => {
      this.asked.push(query);
      if (this.failure) {
        throw this.failure;
      }
      return this.part(query);
    }
  };

  part({ tail, from, before, limit }: any) {
    const at = (cursor: string) => Number(cursor.split(':')[1]);
    let [start, end] = [0, this.data.length];
    if (from) {
      start = at(from);
      end = Math.min(end, start + limit);
    } else {
      end = before ? at(before) : end;
      for (start = end; start && tail;) {
        start--;
        tail -= Number(start === 0 || this.data[start - 1] === 10);
      }
    }
    return {
      data: this.data.slice(start, end),
      start: `1:${start}`,
      end: `1:${end}`,
      complete: false
    };
  }

  write(text: string) {
    const before = this.data;
    const added = encode(text);
    this.data = new Uint8Array(before.length + added.length);
    this.data.set(before);
    this.data.set(added, before.length);
    this.reader?.write(text, `1:${this.data.length}`);
  }
}

const LINE = `${'x'.repeat(990)} 中`; // 1000 bytes with its end and number
const numbered = (n: number) => `${LINE}${String(n).padStart(5, '0')}\n`;

describe('LogModel', () => {
  let service: Written;
  let model: LogModel;
  const frame = () => vi.advanceTimersByTimeAsync(20);
  const number = (index: number) =>
    Number(model.lines.at(index).text.slice(-5));
  const last = () => number(model.lines.length - 2);

  const opened = async (text: string) => {
    service.data = encode(text);
    model.active = true;
    await frame();
  };

  beforeEach(() => {
    vi.useFakeTimers();
    service = new Written();
    model = new LogModel(service as any, 'job-1', { role: 'main', task: 0 });
  });

  afterEach(() => {
    model.dispose();
    vi.useRealTimers();
  });

  /** A log of 20 MB. */
  const long = Array.from({ length: 20_000 }, (_, n) => numbered(n)).join('');

  it('reads the newest lines, and follows what comes', async () => {
    await opened('one\ntwo\n');
    expect(service.asked).toEqual([{ role: 'main', task: 0, tail: 2000 }]);
    expect(service.followed).toEqual([
      { job: 'job-1', role: 'main', task: 0, from: '1:8' }
    ]);
    expect(model.behind).toBe('live');
    expect(model.whole).toBe(true);
    service.write('thr');
    service.write('ee\n');
    await frame();
    expect(model.lines.at(2).text).toBe('three');
    service.reader!.end({} as any);
    expect(model.behind).toBe('nothing');
  });

  it('takes all that comes in one animation frame at once', async () => {
    await opened('');
    const changed = vi.fn();
    model.changed.connect(changed);
    for (let n = 0; n < 100; n++) {
      service.write(`${n}\n`);
    }
    await frame();
    expect(changed).toHaveBeenCalledOnce();
    expect(model.lines.length).toBe(101);
  });

  it('puts characters together that come in two pieces', async () => {
    await opened('');
    const [first, ...rest] = encode('é');
    service.reader!.write(Uint8Array.of(first), '1:1');
    await frame();
    service.reader!.write(Uint8Array.from(rest), '1:2');
    service.reader!.write(Uint8Array.of(255), '1:3');
    service.reader!.write('é', '1:5');
    await frame();
    expect(model.lines.at(0).text).toBe('é\ufffdé');
  });

  it('reads older lines back to the first, and drops newer ones', async () => {
    await opened(long);
    expect(number(0)).toBe(18_000);
    model.sticky = false;
    for (let asked = 0; !model.whole; asked++) {
      expect(asked).toBeLessThan(12);
      await model.older();
      expect(model.lines.size).toBeLessThan(6_000_000);
    }
    expect(number(0)).toBe(0);
    expect(number(1)).toBe(1);
    expect(model.behind).toBe('more');
    expect(service.reader).toBeNull();
    const asked = service.asked.length;
    await model.older();
    expect(service.asked).toHaveLength(asked);
  });

  it('leaps to the beginning, and reads on from there to the end', async () => {
    await opened(long);
    const asked = model.toStart();
    model.sticky = true; // the end is in sight until the beginning has come
    await asked;
    expect(model.sticky).toBe(false);
    expect(number(0)).toBe(0);
    expect(model.behind).toBe('more');
    let before = 0;
    while (model.behind === 'more') {
      await model.newer();
      expect(model.lines.size).toBeLessThan(4_000_000);
      expect(last()).toBeGreaterThanOrEqual(before);
      before = last();
    }
    expect(before).toBe(19_999);
    service.write('new\n');
    await frame();
    expect(model.lines.at(model.lines.length - 2).text).toBe('new');
  });

  it('reads on from short lines without losing those in sight', async () => {
    await opened('7\n'.repeat(400_000));
    await model.toStart();
    for (let n = 0; n < 3; n++) {
      await model.newer(); // the beginning was of any length
    }
    for (let n = 0; n < 10; n++) {
      const inSight = model.lines.first + model.lines.length - 20;
      await model.newer();
      expect(model.lines.first).toBeLessThan(inSight);
      expect(model.lines.size).toBeLessThan(4_000_000);
    }
  });

  it('keeps little of a flood, the newest of it', async () => {
    await opened('');
    for (let n = 0; n < 20_000; n += 50) {
      service.reader!.write(long.slice(n * 998, (n + 50) * 998), `1:${n}`);
    }
    await frame();
    expect(last()).toBe(19_999);
    expect(model.lines.size).toBeLessThan(7_000_000);
  });

  it('takes no more than it has room for while something older is read', async () => {
    await opened('first\n');
    model.sticky = false;
    for (let n = 0; n < 400 && service.reader; n++) {
      service.write(long.slice(n * 49_900, (n + 1) * 49_900));
    }
    await frame();
    expect(service.reader).toBeNull();
    expect(model.behind).toBe('more');
    expect(model.lines.at(0).text).toBe('first');
    expect(model.lines.size).toBeLessThan(4_000_000);
    expect(model.lines.end).toBe(`1:${service.data.length - 50_000}`);
  });

  it('follows nothing while nobody looks', async () => {
    await opened('one\n');
    model.active = false;
    expect(service.reader).toBeNull();
    service.write('two\n');
    model.active = true;
    await frame();
    expect(model.lines.at(1).text).toBe('two');
    expect(model.behind).toBe('live');
  });

  it('goes over to another attempt', async () => {
    await opened('one\n');
    service.reader!.attempt!(2);
    service.reader!.write('again\n', '2:6');
    await frame();
    expect(model.lines.at(0).text).toBe('again');
    expect(model.lines.start).toBe('2:0');
  });

  it('says why there is nothing, and asks again when it can', async () => {
    service.failure = new ApiError(503, { detail: 'away' });
    await opened('one\n');
    expect(model.error?.message).toBe('away');
    expect(model.loading).toBe(false);
    service.failure = null;
    service.page.connectionChanged.emit();
    await frame();
    expect(model.error).toBeNull();
    expect(model.lines.at(0).text).toBe('one');
    service.reader!.refused('gone', 'rerun it', 410);
    expect(model.error).toMatchObject({ status: 410, remedy: 'rerun it' });
  });

  it('doesn’t ask again by itself for what it may not have', async () => {
    service.failure = new ApiError(403, { detail: 'not yours' });
    await opened('');
    service.page.connectionChanged.emit();
    await model.older();
    await model.newer();
    expect(service.asked).toHaveLength(1);
  });
});
