import { JSONExt, type PartialJSONValue } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { FieldError, JobSpec } from '../api/types';
import { check, type ISchema, type Schemas } from './check';

/** A specification as far as it has come: what is wrong stays in it as it was typed. */
export type Draft = Record<string, any>;

/** What a job can run, by the field that says it. */
export type Kind = 'command' | 'notebook' | 'script' | 'task_roles';

export const KINDS: Kind[] = ['notebook', 'script', 'command', 'task_roles'];

/** The fields that go with each kind: a file runs in its own folder, if nothing else is said. */
const OF: Record<Kind, string[]> = {
  command: ['command', 'working_dir'],
  notebook: ['notebook'],
  script: ['script', 'args', 'content'],
  task_roles: ['task_roles', 'working_dir']
};

/** What another field's change may put right, too. */
const DEPEND: ReadonlyMap<string, string[]> = new Map([
  ['group', ['instance_type', 'image', 'task_roles']],
  ['gpus', ['instance_type']],
  ['env', ['parameters']]
]);

/** Compare what JSON can say. */
export function same(one: unknown, other: unknown): boolean {
  return one === undefined || other === undefined
    ? one === other
    : JSONExt.deepEqual(one as PartialJSONValue, other as PartialJSONValue);
}

/**
 * What the form edits: one specification, which all its views show, and what is wrong with it.
 */
export class SpecForm {
  constructor(
    draft: Draft,
    private _trans: TranslationBundle
  ) {
    this._draft = draft;
    this._kind = kindOf(draft) ?? 'command';
  }

  /** The specification, or what is said of it, is another than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get draft(): Draft {
    return this._draft;
  }

  /** Put another specification in its place. */
  set draft(draft: Draft) {
    const names = new Set([...Object.keys(draft), ...Object.keys(this._draft)]);
    this._forgive([...names].filter(n => !same(draft[n], this._draft[n])));
    this._draft = draft;
    this._kind = kindOf(draft) ?? this._kind;
    this._changed.emit();
  }

  /** Give a field a value, or none. */
  set(name: string, value: unknown): void {
    this._forgive([name]);
    const { [name]: _, ...rest } = this._draft;
    this._draft =
      value === undefined
        ? rest
        : name in this._draft
          ? { ...this._draft, [name]: value }
          : { ...rest, [name]: value };
    this._changed.emit();
  }

  /** What it is that runs. */
  get kind(): Kind {
    return this._kind;
  }

  /** What another kind has been given comes back when that is chosen again. */
  set kind(kind: Kind) {
    const draft = { ...this._draft };
    for (const name of [...KINDS, ...OF[this._kind]]) {
      if (name in draft && !OF[kind].includes(name)) {
        this._aside[name] = draft[name];
        delete draft[name];
      }
    }
    for (const name of OF[kind]) {
      if (name in this._aside && !(name in draft)) {
        draft[name] = this._aside[name];
        delete this._aside[name];
      }
    }
    this._kind = kind;
    this.draft = draft;
    this._kind = kind;
  }

  /** The service's schemas, by which it is checked while it is typed. */
  set schemas(schemas: Schemas) {
    this._schemas = schemas;
    this._changed.emit();
  }

  /** What the service said is wrong with it. */
  set refused(errors: readonly FieldError[]) {
    this._refused = [...errors];
    this._changed.emit();
  }

  /** Say that it was to be submitted: from now on what is missing is wrong, too. */
  set tried(tried: boolean) {
    this._tried = tried;
    this._changed.emit();
  }

  /** All that is wrong, the page's own findings and the service's. */
  get wrong(): FieldError[] {
    const found = [...this._own(), ...(this._tried ? this._missing() : [])];
    const told = new Set(found.map(({ field }) => field));
    return [...found, ...this._refused.filter(({ field }) => !told.has(field))];
  }

  /** What the service needs not be asked about. */
  get hindrances(): FieldError[] {
    return [...this._own(), ...this._missing()];
  }

  /** What is wrong with a field, or with anything in it. */
  wrongAt(field: string, within = false): FieldError[] {
    return this.wrong.filter(
      wrong =>
        wrong.field === field || (within && wrong.field.startsWith(`${field}.`))
    );
  }

  /** The default that the service has for a field. */
  defaultOf(name: string): unknown {
    return this._schemas?.JobSpec?.properties?.[name]?.default;
  }

  /** What is sent: without what says nothing. */
  get request(): JobSpec {
    return Object.fromEntries(
      Object.entries(this._draft).filter(
        ([, value]) => value !== null && value !== ''
      )
    );
  }

  private _own(): FieldError[] {
    const { _draft: draft, _schemas: schemas, _trans: trans } = this;
    const schema = schemas?.JobSpec;
    const anew = renew(draft, trans);
    const names = new Set(anew.map(({ field }) => field));
    const found = schema ? check(draft, schema as ISchema, schemas, trans) : [];
    return [...anew, ...found.filter(({ field }) => !names.has(field))];
  }

  private _missing(): FieldError[] {
    const { _draft: draft, _trans: trans } = this;
    const given = KINDS.filter(kind => !blank(draft[kind]));
    if (given.length === 1) {
      return [];
    }
    if (given.length) {
      const names = given.join(', ');
      return [
        {
          field: '(whole)',
          message: trans.__('%1 are given, and only one can run', names),
          remedy: trans.__('leave one of them')
        }
      ];
    }
    const remedies: Record<Kind, string> = {
      command: trans.__('give a command, such as: python train.py'),
      notebook: trans.__('give the path of a notebook'),
      script: trans.__('give the path of a .py or .sh file'),
      task_roles: trans.__('add a role')
    };
    return [
      {
        field: this._kind,
        message: trans.__('is missing'),
        remedy: remedies[this._kind]
      }
    ];
  }

  /** Say no more of fields what was said before they changed. */
  private _forgive(names: readonly string[]): void {
    const gone = new Set([
      '(whole)',
      ...names.flatMap(name => [name, ...(DEPEND.get(name) ?? [])])
    ]);
    this._refused = this._refused.filter(
      ({ field }) => !gone.has(field.split('.')[0])
    );
  }

  private _changed = new Signal<this, void>(this);
  private _draft: Draft;
  private _kind: Kind;
  private _aside: Draft = {};
  private _schemas: Schemas | null = null;
  private _refused: FieldError[] = [];
  private _tried = false;
}

function kindOf(draft: Draft): Kind | undefined {
  return KINDS.find(kind => kind in draft && !blank(draft[kind]));
}

function blank(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    (typeof value === 'string' && !value.trim()) ||
    (Array.isArray(value) && !value.length)
  );
}

/** Variables whose values another person's job doesn't tell. */
function renew({ env }: Draft, trans: TranslationBundle): FieldError[] {
  const names = JSONExt.isObject(env ?? null)
    ? Object.keys(env).filter(name => env[name] === null)
    : [];
  return names.map(name => ({
    field: `env.${name}`,
    message: trans.__('is known to its owner alone'),
    remedy: trans.__('give the value anew')
  }));
}

/** A specification of the service's without what says nothing. */
export function tidy(spec: Draft, schemas: Schemas): Draft {
  const { properties = {} } = schemas.JobSpec ?? {};
  return Object.fromEntries(
    Object.entries(spec).filter(
      ([name, value]) =>
        value !== null && !same(value, properties[name]?.default)
    )
  );
}
