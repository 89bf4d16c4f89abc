import { ServerConnection } from '@jupyterlab/services';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { row } from '../../test/rows';
import { Api } from './http';
import { Page } from './page';

/** A socket whose other end is the test. */
class FakeSocket {
  static all: FakeSocket[] = [];
  readyState = 0;
  sent: any[] = [];
  onopen?: () => void;
  onmessage?: (message: { data: string }) => void;
  onclose?: () => void;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  open() {
    this.readyState = WebSocket.OPEN;
    this.onopen?.();
  }

  say(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }

  send(text: string) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.();
  }
}

const newest = () => FakeSocket.all[FakeSocket.all.length - 1];

describe('Page', () => {
  let page: Page;

  beforeEach(() => {
    vi.useFakeTimers();
    FakeSocket.all = [];
    const settings = ServerConnection.makeSettings({
      wsUrl: 'ws://here/',
      WebSocket: FakeSocket as any
    });
    page = new Page(new Api(settings), { away: 'away', retry: 'wait' });
    page.start();
    newest().open();
    newest().say({ type: 'hello', last: 7 });
  });

  afterEach(() => {
    page.dispose();
    vi.useRealTimers();
  });

  it('connects once, whoever begins', () => {
    page.start();
    expect(FakeSocket.all).toHaveLength(1);
    expect(newest().url).toMatch(/^ws:\/\/here\/jobsub\/ws/);
  });

  it('goes on after the last event when the connection was lost', () => {
    newest().say({ type: 'job', last_event_id: 9, event: {}, job: row() });
    newest().close();
    expect(page.connection).toMatchObject({ online: false, message: 'away' });
    vi.advanceTimersByTime(250);
    newest().open();
    expect(newest().sent).toEqual([{ subscribe: 'events', last_event_id: 9 }]);
    newest().say({ type: 'hello', last: 9 });
    expect(page.connection.online).toBe(true);
  });

  it('waits longer from attempt to attempt', () => {
    newest().close();
    vi.advanceTimersByTime(250);
    newest().close();
    vi.advanceTimersByTime(900);
    expect(FakeSocket.all).toHaveLength(2);
    vi.advanceTimersByTime(100);
    expect(FakeSocket.all).toHaveLength(3);
  });

  it('says when everything is to be read anew: history began again', () => {
    const renewed = vi.fn();
    page.renewed.connect(renewed);
    newest().say({ type: 'hello', last: 9 });
    expect(renewed).not.toHaveBeenCalled();
    newest().say({ type: 'hello', last: 2 });
    expect(renewed).toHaveBeenCalledOnce();
  });

  it('follows a log from where it was, and no longer than it is wanted', () => {
    const reader = { write: vi.fn(), end: vi.fn(), refused: vi.fn() };
    const following = page.follow({ job: 'job-1', tail: 100 }, reader);
    const { key } = newest().sent[1];
    expect(newest().sent[1]).toEqual({
      subscribe: 'log',
      key,
      job: 'job-1',
      tail: 100
    });
    newest().say({ type: 'log', key, cursor: '1:5', text: 'hello' });
    newest().say({ type: 'log', key, cursor: '1:6', base64: '/w==' });
    expect(reader.write.mock.calls).toEqual([
      ['hello', '1:5'],
      [new Uint8Array([255]), '1:6']
    ]);
    newest().close();
    vi.advanceTimersByTime(250);
    newest().open();
    expect(newest().sent[1]).toEqual({
      subscribe: 'log',
      key,
      job: 'job-1',
      from: '1:6'
    });
    following.dispose();
    expect(newest().sent[2]).toEqual({ unsubscribe: key });
    newest().say({ type: 'log', key, cursor: '1:9', text: 'late' });
    expect(reader.write).toHaveBeenCalledTimes(2);
  });

  it('tells who follows a log of its end, or of why there is none', () => {
    const reader = { write: vi.fn(), end: vi.fn(), refused: vi.fn() };
    page.follow({ job: 'job-1' }, reader);
    page.follow({ job: 'job-2' }, reader);
    const [, one, two] = newest().sent;
    newest().say({ type: 'end', key: one.key, job: row() });
    newest().say({
      type: 'error',
      key: two.key,
      message: 'no',
      remedy: 'ask',
      status: 403
    });
    expect(reader.end).toHaveBeenCalledOnce();
    expect(reader.refused).toHaveBeenCalledWith('no', 'ask', 403);
    expect(page.connection.online).toBe(true);
  });

  it('says in the service’s words that it is away', () => {
    newest().say({ type: 'offline', message: 'gone', remedy: 'wait' });
    expect(page.connection).toEqual({
      online: false,
      message: 'gone',
      remedy: 'wait'
    });
    newest().say({ type: 'online' });
    expect(page.connection.online).toBe(true);
  });
});
