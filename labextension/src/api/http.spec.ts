import { ServerConnection } from '@jupyterlab/services';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { Api, ApiError } from './http';

describe('Api', () => {
  const fetched = vi.fn();
  let api: Api;

  const answer = (body: object, status = 200) =>
    new Response(JSON.stringify(body), { status });

  beforeEach(() => {
    fetched.mockReset();
    api = new Api(
      ServerConnection.makeSettings({
        baseUrl: 'http://here/',
        fetch: fetched
      }),
      { detail: 'away', remedy: 'try again' }
    );
  });

  const asked = () => fetched.mock.calls.map(([request]) => request as Request);

  it('asks with what is given, a list as often as it has values', async () => {
    fetched.mockResolvedValue(answer({ items: [], next: null, total: 0 }));
    await api.list({ group: ['a', 'b'], text: '', mine: false, offset: 0 });
    const { pathname, search } = new URL(asked()[0].url);
    expect(pathname + search).toBe('/jobsub/jobs?group=a&group=b&offset=0');
  });

  it('asks once more when the network fails, and then says so', async () => {
    fetched.mockRejectedValueOnce(new TypeError('network changed'));
    fetched.mockResolvedValueOnce(answer({ id: 'job-1' }));
    expect(await api.job('job-1')).toEqual({ id: 'job-1' });
    fetched.mockRejectedValue(new TypeError('network changed'));
    await expect(api.job('job-1')).rejects.toMatchObject({
      away: true,
      message: 'away',
      remedy: 'try again'
    });
    expect(fetched).toHaveBeenCalledTimes(4);
  });

  it('does nothing twice', async () => {
    fetched.mockRejectedValue(new TypeError('network changed'));
    await expect(api.act('job-1', 'cancel')).rejects.toMatchObject({
      away: true
    });
    await expect(api.submit({ command: 'true' }, 'key')).rejects.toThrow();
    expect(fetched).toHaveBeenCalledTimes(2);
  });

  it('gives the service’s own words for what is wrong', async () => {
    const errors = [
      { field: 'gpus', message: 'is not 0 to 8', remedy: 'less' }
    ];
    fetched.mockResolvedValue(
      answer({ detail: '1 field is wrong', remedy: 'correct it', errors }, 422)
    );
    const error: ApiError = await api.submit({}, 'key').catch(found => found);
    expect(error).toMatchObject({
      status: 422,
      message: '1 field is wrong',
      remedy: 'correct it',
      fields: errors,
      away: false
    });
  });
});
