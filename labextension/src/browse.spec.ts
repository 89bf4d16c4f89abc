import { FileDialog } from '@jupyterlab/filebrowser';
import { Notification } from '@jupyterlab/apputils';
import { nullTranslator } from '@jupyterlab/translation';
import { beforeEach, expect, it, vi } from 'vitest';

import { browser } from './browse';
import type { IJobsub } from './tokens';

const ROOT = '/home/ada/';
let onDisk: boolean;
const jobsub = {
  trans: nullTranslator.load(''),
  files: {
    shown: async (whole: string) =>
      whole.startsWith(ROOT) ? whole.slice(ROOT.length) : null,
    whole: async (path: string) => (onDisk ? ROOT + path : null)
  }
} as unknown as IJobsub;
const manager: any = {
  services: {
    contents: {
      get: async (path: string) => {
        if (path !== 'sub') {
          throw new Error('there is none');
        }
        return folder(path);
      }
    }
  }
};
const browse = browser(jobsub, manager, undefined);
const dialog = vi.spyOn(FileDialog, 'getOpenFiles');
const told = vi.spyOn(Notification, 'error');

const file = (path: string) => ({ path, name: path, type: 'file' });
const folder = (path: string) => ({ path, name: path, type: 'directory' });
const answer = (...value: object[]) =>
  dialog.mockResolvedValueOnce({ button: { accept: true }, value } as any);

beforeEach(() => {
  onDisk = true;
  dialog.mockReset();
  told.mockReset();
});

it('gives the whole path of what was chosen', async () => {
  answer(file('sub/run.py'));
  expect(await browse('script', undefined)).toBe('/home/ada/sub/run.py');
  answer(folder('sub'));
  expect(await browse('folder', '')).toBe('/home/ada/sub');
  answer(folder(''));
  expect(await browse('folder', '')).toBe('/home/ada');
});

it('shows what fits, and the folders on the way to it', async () => {
  answer();
  await browse('notebook', undefined);
  const { filter } = dialog.mock.calls[0][0];
  const shown = [file('a.ipynb'), file('a.py'), folder('sub')].filter(
    one => filter?.(one as any) !== null
  );
  expect(shown.map(({ path }) => path)).toEqual(['a.ipynb', 'sub']);
});

it.each([
  ['script', '/home/ada/sub/old.py', 'sub'],
  ['folder', '/home/ada/sub', 'sub'],
  ['script', '/home/ada/gone/old.py', undefined],
  ['script', '/elsewhere/old.py', undefined],
  ['script', 5, undefined]
] as const)('begins where the %s %s is', async (what, now, path) => {
  answer();
  await browse(what, now);
  expect(dialog.mock.calls[0][0].defaultPath).toBe(path);
});

it('gives nothing where nothing was chosen that fits', async () => {
  answer(folder('sub'));
  expect(await browse('script', undefined)).toBeNull();
  dialog.mockResolvedValueOnce({
    button: { accept: false },
    value: null
  } as any);
  expect(await browse('script', undefined)).toBeNull();
  expect(told).not.toHaveBeenCalled();
});

it('says so where the service could not read it', async () => {
  onDisk = false;
  answer(file('run.py'));
  expect(await browse('script', undefined)).toBeNull();
  expect(told.mock.calls[0][0]).toContain('on no disk');
});
