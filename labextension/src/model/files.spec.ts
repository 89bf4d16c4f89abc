import { Drive, ContentsManager } from '@jupyterlab/services';
import { describe, expect, it, vi } from 'vitest';

import { Files, runnable } from './files';

const files = (root: string | null = '/home/ada') => {
  const contents = new ContentsManager();
  contents.addDrive(new Drive({ name: 'RTC' }));
  contents.addDrive(new Drive({ name: 'bucket' }));
  const server = vi.fn(async () => ({
    root,
    environment: '/opt/env',
    service: true
  }));
  return { files: new Files({ server } as any, contents), server };
};

describe('runnable', () => {
  it.each(['a.ipynb', 'x/b.py', 'RTC:c.sh'])('%s is', path =>
    expect(runnable(path)).toBe(true)
  );
  it.each(['a.md', 'py', 'x.py/readme', 'Makefile'])('%s is not', path =>
    expect(runnable(path)).toBe(false)
  );
});

describe('Files', () => {
  it.each([
    ['train.ipynb', '/home/ada/train.ipynb'],
    ['/a/b c.py', '/home/ada/a/b c.py'],
    ['RTC:a/b.py', '/home/ada/a/b.py'],
    ['no drive: b.py', '/home/ada/no drive: b.py'],
    ['bucket:a/b.py', null]
  ])('%s is %s', async (path, whole) => {
    expect(await files().files.whole(path)).toBe(whole);
  });

  it('knows paths under the root of a machine', async () => {
    expect(await files('/').files.whole('a/b.py')).toBe('/a/b.py');
    expect(await files('/').files.shown('/a/b.py')).toBe('a/b.py');
  });

  it('knows what JupyterLab shows', async () => {
    expect(await files().files.shown('/home/ada/x/y.ipynb')).toBe('x/y.ipynb');
    expect(await files().files.shown('/home/adam/y.ipynb')).toBeNull();
    expect(await files(null).files.shown('/home/ada/y.ipynb')).toBeNull();
  });

  it('makes jobs of notebooks and scripts', async () => {
    const { files: found, server } = files();
    expect(await found.spec('x/a.ipynb')).toEqual({
      name: 'a.ipynb',
      notebook: '/home/ada/x/a.ipynb',
      environment: '/opt/env'
    });
    expect(await found.spec('b.sh')).toMatchObject({
      script: '/home/ada/b.sh'
    });
    expect(await found.spec('b.txt')).toBeNull();
    expect(server).toHaveBeenCalledTimes(1);
  });

  it('makes none where files are on no disk', async () => {
    expect(await files(null).files.spec('a.ipynb')).toBeNull();
  });

  it('asks again after a failure', async () => {
    const { files: found, server } = files();
    server.mockRejectedValueOnce(new Error('away'));
    await expect(found.whole('a.py')).rejects.toThrow('away');
    expect(await found.whole('a.py')).toBe('/home/ada/a.py');
  });
});
