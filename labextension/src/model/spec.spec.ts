import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';

import { check, type Schemas } from './check';
import { join, split } from './shell';
import { SpecForm, tidy } from './spec';

const trans = nullTranslator.load('');
const text = { anyOf: [{ type: 'string', maxLength: 5 }, { type: 'null' }] };
const schemas: Schemas = {
  JobSpec: {
    type: 'object',
    additionalProperties: false,
    properties: {
      name: { ...text, default: null },
      command: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      group: { type: 'string' },
      script: { type: 'string' },
      working_dir: { type: 'string' },
      priority: { type: 'integer', minimum: 1, maximum: 9, default: 5 },
      env: { type: 'object', additionalProperties: { type: 'string' } },
      task_roles: { type: 'array', items: { $ref: '#/schemas/Role' } }
    }
  },
  Role: {
    type: 'object',
    properties: { name: { type: 'string' } },
    required: ['name']
  }
};

function fields(value: object): string[] {
  return check(value, schemas.JobSpec, schemas, trans).map(one => one.field);
}

describe('check', () => {
  it('finds every wrong field at once', () => {
    const wrong = {
      name: 'longer',
      priority: 10,
      env: { A: null, B: 'x' },
      task_roles: [{}, 5],
      unknown: 1
    };
    expect(fields(wrong)).toEqual([
      'name',
      'priority',
      'env.A',
      'task_roles.0.name',
      'task_roles.1',
      'unknown'
    ]);
  });

  it('takes what the schema allows', () => {
    expect(fields({ name: null, priority: 1, env: { A: '' } })).toEqual([]);
  });
});

describe('the words of a shell', () => {
  it.each([[['a', 'b c', "it's", '', '$x "y"', 'two\nlines', '\\']]])(
    'are read as they were written: %j',
    words => {
      expect(split(join(words))).toEqual(words);
    }
  );

  it('may be quoted in parts, and a quote has an end', () => {
    expect(split('--a="b c"d \'e\'f\\ g')).toEqual(['--a=b cd', 'ef g']);
    expect(split('"a')).toBeNull();
  });
});

describe('a specification that is edited', () => {
  const made = (draft: object) => {
    const form = new SpecForm({ ...draft }, trans);
    form.schemas = schemas;
    return form;
  };
  const wrong = (form: SpecForm) => form.wrong.map(({ field }) => field);

  it('keeps what is wrong as it was typed', () => {
    const form = made({ command: 'true' });
    form.set('priority', 'hi');
    expect(form.draft.priority).toBe('hi');
    expect(wrong(form)).toEqual(['priority']);
    form.set('priority', undefined);
    expect(form.draft).toEqual({ command: 'true' });
    expect(wrong(form)).toEqual([]);
  });

  it('brings back what another kind was given', () => {
    const form = made({ command: 'true', working_dir: '/here' });
    form.kind = 'script';
    expect(form.draft).toEqual({});
    form.set('script', '/a.py');
    form.kind = 'command';
    expect(form.draft).toEqual({ command: 'true', working_dir: '/here' });
    form.kind = 'script';
    expect(form.draft).toEqual({ script: '/a.py' });
  });

  it('says what is missing once it was to be submitted', () => {
    const form = made({});
    expect(wrong(form)).toEqual([]);
    form.tried = true;
    expect(wrong(form)).toEqual(['command']);
    form.draft = { command: 'a', script: '/b.py' };
    expect(wrong(form)).toEqual(['(whole)']);
  });

  it('says what the service said until the field changes', () => {
    const form = made({ command: 'true' });
    const said = { message: 'no', remedy: '' };
    form.refused = [
      { field: 'group', ...said },
      { field: 'task_roles.0.name', ...said },
      { field: 'name', ...said }
    ];
    expect(wrong(form)).toEqual(['group', 'task_roles.0.name', 'name']);
    form.set('group', 'other');
    expect(wrong(form)).toEqual(['name']);
  });

  it('wants values that were withheld to be given anew', () => {
    const form = made({ command: 'true', env: { KEY: null } });
    expect(form.wrongAt('env.KEY')[0].remedy).toBe('give the value anew');
    form.set('env', { KEY: 'v' });
    expect(wrong(form)).toEqual([]);
  });

  it('begins as another without what says nothing', () => {
    const spec = { name: null, priority: 5, command: 'true' };
    expect(tidy(spec, schemas)).toEqual({ command: 'true' });
  });
});
