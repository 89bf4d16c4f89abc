import { nullTranslator } from '@jupyterlab/translation';
import { beforeEach, describe, expect, it } from 'vitest';

import { SpecForm } from './spec';
import { notations, type Format } from './text';
import { SpecTexts } from './texts';

const trans = nullTranslator.load('');
const NASTY = ' it\'s "quoted"\\\n\ttab  \r\n# no comment\n\n';

let form: SpecForm;
let texts: SpecTexts;

beforeEach(() => {
  form = new SpecForm({ command: 'true' }, trans);
  texts = new SpecTexts(form, notations, trans);
});

describe.each(['json', 'yaml'] as Format[])('%s', format => {
  it('says any command to the byte', () => {
    const draft = { command: NASTY, env: { A: '1', B: 'yes', C: ' ' } };
    const text = notations[format].write(draft);
    expect(notations[format].parse(text).value).toEqual(draft);
    const amended = notations[format].amend('{}', {}, draft);
    expect(notations[format].parse(amended).value).toEqual(draft);
  });

  it('is the same specification as the form', () => {
    form.set('name', 'one');
    expect(texts.text(format)).toContain('one');
    texts.write(format, '{"name": "two"}');
    expect(form.draft).toEqual({ name: 'two' });
  });

  it('stays as it was typed while it cannot be read', () => {
    texts.write(format, '{"name": "two",\n "image": [');
    expect(texts.broken?.wrong.line).toBe(2);
    expect(texts.text(format)).toContain('[');
    expect(form.draft).toEqual({ command: 'true' });
    texts.write(format, '[1]');
    expect(texts.broken?.wrong.message).toContain('no fields');
  });

  it('is told when it is nested too deeply', () => {
    const [open, close] = ['[', ']'].map(sign => sign.repeat(20000));
    texts.write(format, `{"env": ${open}${close}}`);
    expect(texts.broken?.wrong.line).toBe(1);
    expect(form.draft).toEqual({ command: 'true' });
  });

  it('may have fields of any name', () => {
    const draft = { constructor: 'x', toString: 'y' };
    texts.write(format, notations[format].write(draft));
    expect(form.draft).toEqual(draft);
  });
});

it('gives way to a text in the other notation where it could not be read', () => {
  texts.write('yaml', 'name: x\ncommand: [a, b\n');
  texts.read('good.json', '{"command": "ls"}');
  expect(texts.broken).toBeNull();
  expect(texts.text('yaml')).toBe('command: ls\n');
});

it('keeps comments when the form changes another field', () => {
  const json = '{\n  // why\n  "name": "a", /* so */\n  "retries": 1\n}\n';
  texts.write('json', json);
  form.set('retries', 2);
  expect(texts.text('json')).toBe(json.replace('1', '2'));
  const yaml = '# why\nname: a # so\nretries: 1\n';
  texts.write('yaml', yaml);
  form.set('retries', 3);
  expect(texts.text('yaml')).toContain('retries: 3');
  expect(texts.text('yaml')).toContain('# why\nname: a # so');
  expect(texts.text('json')).toContain('// why');
});

it('finds the line of what is wrong, or of what it is in', () => {
  const json = '{\n "env": {\n  "A": 1\n },\n "task_roles": [\n  {}\n ]\n}';
  const { lineOf } = notations.json.parse(json);
  expect(['env.A', 'env.B', 'task_roles.0.name', 'none'].map(lineOf)).toEqual([
    3, 2, 6, 1
  ]);
  const yaml = 'name: x\nenv:\n  A: 1\ntask_roles:\n  - tasks: 2\n';
  const there = notations.yaml.parse(yaml).lineOf;
  expect(['env.A', 'env.B', 'task_roles.0.tasks'].map(there)).toEqual([
    3, 2, 5
  ]);
});

it('says where a text can’t be read, whatever the parser’s words', () => {
  texts.write('yaml', 'name: a\nenv:\n\tA: 1\n');
  const { line, column, message } = texts.broken!.wrong;
  expect([line, column]).toEqual([3, 1]);
  expect(message).toMatch(/^at column 1 it can’t be read: .*tab/i);
  texts.write('json', '{"name": "two",\n "image": "a" "env": {}}');
  expect(texts.broken!.wrong).toMatchObject({ line: 2, column: 15 });
  expect(texts.broken!.wrong.message).toBe('a comma is missing');
});

it('reads a file by its name', () => {
  expect(texts.read('job.yml', 'name: a')).toBe('yaml');
  expect(texts.read('job.json', '{"name": "b",}')).toBe('json');
  expect(form.draft).toEqual({ name: 'b' });
});
