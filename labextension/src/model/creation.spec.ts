import { nullTranslator } from '@jupyterlab/translation';
import { beforeEach, describe, expect, it, vi } from 'vitest';

import { row } from '../../test/rows';
import { ApiError } from '../api/http';
import { Creation, type IBeginning, type ISurroundings } from './creation';
import type { Draft } from './spec';

const schemas = {
  JobSpec: {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: { type: 'string' },
      command: { type: 'string' },
      notebook: { type: 'string' },
      group: { type: 'string' },
      image: { type: 'string' },
      instance_type: { type: 'string' },
      priority: { type: 'integer', minimum: 1, maximum: 1000, default: 100 },
      env: { type: 'object', additionalProperties: { type: 'string' } },
      environment: { type: 'string' }
    }
  }
};
const catalog = {
  groups: [
    { name: 'research', instance_types: ['cpu', 'gpu'], images: ['python3'] }
  ],
  defaults: { group: 'research' }
};
const NOTEBOOK = {
  metadata: { kernelspec: { name: 'python3' } },
  cells: [{ metadata: { tags: ['parameters'] }, source: 'rate = 0.1' }]
};

let kept: Record<string, any>;
let sent: { spec: Draft; key: string }[];
let failure: Error | null;
let notebook: ISurroundings['notebook'];

const around = (): ISurroundings => ({
  jobs: {
    api: {
      document: async () => {
        if (failure) {
          throw failure;
        }
        return { components: { schemas } };
      },
      catalog: async () => catalog,
      spec: async () => ({ command: 'true', name: null, priority: 100 })
    },
    submit: async (spec: Draft, key: string) => {
      sent.push({ spec, key });
      if (failure) {
        throw failure;
      }
      return row({ id: 'made' });
    }
  } as unknown as ISurroundings['jobs'],
  state: {
    fetch: async (key: string) => kept[key],
    save: async (key: string, value: any) => {
      kept[key] = value;
    }
  } as unknown as ISurroundings['state'],
  trans: nullTranslator.load(''),
  begin: async () => ({ working_dir: '/home/ada' }),
  notebook: path => notebook(path)
});

async function begun(beginning: IBeginning = {}): Promise<Creation> {
  const creation = new Creation(beginning, around());
  await creation.load();
  return creation;
}

beforeEach(() => {
  kept = {};
  sent = [];
  failure = null;
  notebook = async () => null;
});

describe('A job begins', () => {
  it('where the person is, if nothing is known of it', async () => {
    const creation = await begun();
    expect(creation.ready).toBe(true);
    expect(creation.form.draft).toEqual({ working_dir: '/home/ada' });
  });

  it('once, and what was typed since stays', async () => {
    const creation = await begun();
    creation.form.set('command', 'echo precious');
    await creation.load();
    expect(creation.form.draft.command).toBe('echo precious');
  });

  it('with what is known of it, and what was chosen for the last', async () => {
    const first = await begun({ spec: { command: 'true', priority: 7 } });
    await first.submit();
    const next = await begun({ spec: { command: 'false' } });
    expect(next.form.draft).toEqual({ command: 'false', priority: 7 });
  });

  it('without what the last had that is gone meanwhile', async () => {
    kept['jupyter-jobsub:last'] = {
      group: 'gone',
      instance_type: 'huge',
      image: 'old',
      priority: 7
    };
    expect((await begun({ spec: {} })).form.draft).toEqual({ priority: 7 });
    kept['jupyter-jobsub:last'] = { instance_type: 'huge', image: 'python3' };
    expect((await begun({ spec: {} })).form.draft).toEqual({
      image: 'python3'
    });
  });

  it('as another is, without what says nothing', async () => {
    const creation = await begun({ from: 'job-1' });
    expect(creation.form.draft).toEqual({ command: 'true' });
  });

  it('as it was left, after a reload', async () => {
    const before = await begun({ from: 'job-1' });
    before.form.set('env', { SECRET: 'x' });
    const { again } = before;
    expect(again).toEqual({
      from: 'job-1',
      spec: { command: 'true', env: { SECRET: null } }
    });
    const after = await begun(again);
    expect(after.form.draft).toEqual(again.spec);
    expect(after.form.wrong.map(({ field }) => field)).toEqual(['env.SECRET']);
  });

  it('not before the service is there, which is said', async () => {
    failure = new ApiError(503, { detail: 'It is away.', remedy: 'Wait.' });
    const creation = await begun({ spec: { command: 'true' } });
    expect(creation.ready).toBe(false);
    expect(creation.error?.message).toBe('It is away.');
    // what it would be is not known yet: nothing is made of it
    expect(creation.again).toEqual({ spec: { command: 'true' } });
    failure = null;
    await creation.load();
    expect(creation.ready).toBe(true);
    expect(creation.error).toBeNull();
  });
});

describe('A job is submitted', () => {
  it('once: sent again after a lost answer, it has its first key', async () => {
    const creation = await begun({ spec: { command: 'true' } });
    failure = new Error('The answer was lost.');
    expect(await creation.submit()).toBeNull();
    expect(creation.error?.message).toBe('The answer was lost.');
    expect(creation.busy).toBe(false);
    failure = null;
    expect((await creation.submit())?.id).toBe('made');
    expect(sent[1].key).toBe(sent[0].key);
    creation.form.set('name', 'another');
    await creation.submit();
    expect(sent[2].key).not.toBe(sent[0].key);
  });

  it('not twice at a time', async () => {
    const creation = await begun({ spec: { command: 'true' } });
    const first = creation.submit();
    expect(creation.busy).toBe(true);
    expect(await creation.submit()).toBeNull();
    expect((await first)?.id).toBe('made');
    expect(sent).toHaveLength(1);
  });

  it('without asking the service about what the page knows is wrong', async () => {
    const creation = await begun({ spec: { priority: 5000 } });
    expect(creation.form.wrong.map(({ field }) => field)).toEqual(['priority']);
    expect(await creation.submit()).toBeNull();
    expect(creation.form.wrong.map(({ field }) => field)).toEqual([
      'priority',
      'command'
    ]);
    expect(sent).toEqual([]);
  });

  it('not while its text can’t be read', async () => {
    const creation = await begun({ spec: { command: 'true' } });
    const texts = (await creation.withTexts())!;
    texts.write('json', '{');
    expect(await creation.submit()).toBeNull();
    expect(sent).toEqual([]);
    texts.write('json', '{"command": "echo"}');
    expect((await creation.submit())?.id).toBe('made');
    expect(sent[0].spec).toEqual({ command: 'echo' });
  });

  it('and says that texts could not be loaded, beside what else is wrong', async () => {
    const creation = await begun({ spec: { command: 'true' } });
    const errors = [{ field: 'group', message: 'is not yours', remedy: '' }];
    failure = new ApiError(422, { detail: 'It is wrong.', remedy: '', errors });
    await creation.submit();
    vi.doMock('./texts', () => Promise.reject(new Error('no chunk')));
    expect(await creation.withTexts()).toBeNull();
    expect(creation.error?.message).toBe('This could not be loaded.');
    expect(creation.form.wrongAt('group')).toEqual(errors);
    vi.doUnmock('./texts');
    expect(await creation.withTexts()).not.toBeNull();
    expect(creation.error).toBe(failure);
  });

  it('and what the service finds wrong stands at its field', async () => {
    const creation = await begun({ spec: { command: 'true', group: 'ops' } });
    const errors = [
      { field: 'group', message: 'is not yours', remedy: 'take another' }
    ];
    failure = new ApiError(422, { detail: 'It is wrong.', remedy: '', errors });
    expect(await creation.submit()).toBeNull();
    expect(creation.form.wrongAt('group')).toEqual(errors);
    creation.form.set('group', 'research');
    expect(creation.form.wrong).toEqual([]);
  });
});

describe('Its notebook', () => {
  it('offers its parameters', async () => {
    notebook = async () => NOTEBOOK;
    const creation = await begun({ spec: { notebook: '/a.ipynb' } });
    await vi.waitFor(() => expect(creation.notebook.kernel).toBe('python3'));
    expect(creation.notebook.parameters.map(({ name }) => name)).toEqual([
      'rate'
    ]);
    creation.form.set('notebook', '/b.txt');
    await vi.waitFor(() => expect(creation.notebook.kernel).toBeNull());
  });

  it('is the one that is named last, whichever is read first', async () => {
    let first = (_: object) => {};
    notebook = path =>
      path === '/slow.ipynb'
        ? new Promise(resolve => (first = resolve))
        : Promise.resolve({ metadata: {}, cells: [] });
    const creation = await begun({ spec: { notebook: '/slow.ipynb' } });
    creation.form.set('notebook', '/quick.ipynb');
    first(NOTEBOOK);
    await new Promise(resolve => setTimeout(resolve)); // after all that follows from it
    expect(creation.notebook.kernel).toBeNull();
  });
});
