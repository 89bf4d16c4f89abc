import type { TranslationBundle } from '@jupyterlab/translation';

import type { FieldError } from '../api/types';

/** A JSON schema, as far as the service's own schemas go. */
export interface ISchema {
  $ref?: string;
  anyOf?: ISchema[];
  type?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  maxItems?: number;
  items?: ISchema;
  properties?: Record<string, ISchema>;
  additionalProperties?: ISchema | boolean;
  required?: string[];
}

/** Schemas by name. */
export type Schemas = Record<string, ISchema>;

type Words = [message: string, remedy: string];

/** Find what is wrong with a value by a schema: every field at once, in the service's words. */
export function check(
  value: unknown,
  schema: ISchema,
  schemas: Schemas,
  trans: TranslationBundle,
  field = ''
): FieldError[] {
  const meant = resolve(value, schema, schemas);
  if (!meant.type) {
    return [];
  }
  const wrong = wordsFor(value, meant, trans);
  if (wrong) {
    return [{ field: field || '(whole)', message: wrong[0], remedy: wrong[1] }];
  }
  const below = (name: string | number) => (field ? `${field}.${name}` : name);
  return parts(value, meant, trans).flatMap(({ name, part, words }) =>
    words
      ? [{ field: String(below(name)), message: words[0], remedy: words[1] }]
      : check(part.value, part.schema, schemas, trans, String(below(name)))
  );
}

/** What a schema says of a value's type, with references followed. */
function resolve(value: unknown, schema: ISchema, schemas: Schemas): ISchema {
  if (schema.$ref) {
    const name = schema.$ref.split('/').pop() ?? '';
    return resolve(value, schemas[name] ?? {}, schemas);
  }
  if (schema.anyOf) {
    const all = schema.anyOf.map(one => resolve(value, one, schemas));
    return all.find(one => isOf(value, one.type)) ?? all[0];
  }
  return schema;
}

function isOf(value: unknown, type: string | undefined): boolean {
  switch (type) {
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return (
        typeof value === 'object' && value !== null && !Array.isArray(value)
      );
    default:
      return typeof value === type;
  }
}

function wordsFor(
  value: unknown,
  schema: ISchema,
  trans: TranslationBundle
): Words | null {
  if (!isOf(value, schema.type)) {
    return typeWords(schema.type, trans);
  }
  const { minimum, maximum, maxLength, maxItems } = schema;
  if (typeof value === 'number') {
    if (minimum !== undefined && value < minimum) {
      return [
        trans.__('%1 is too small', value),
        trans.__('give %1 or more', minimum)
      ];
    }
    if (maximum !== undefined && value > maximum) {
      return [
        trans.__('%1 is too large', value),
        trans.__('give %1 at most', maximum)
      ];
    }
  }
  if (typeof value === 'string' && maxLength && [...value].length > maxLength) {
    return [
      trans.__('is too long'),
      trans.__('give %1 characters at most', maxLength)
    ];
  }
  if (Array.isArray(value) && maxItems && value.length > maxItems) {
    return [trans.__('is too long'), trans.__('give %1 at most', maxItems)];
  }
  return null;
}

function typeWords(type: string | undefined, trans: TranslationBundle): Words {
  switch (type) {
    case 'integer':
      return [trans.__('is not a whole number'), trans.__('give one')];
    case 'boolean':
      return [
        trans.__('is neither true nor false'),
        trans.__('give one of them')
      ];
    case 'array':
      return [trans.__('is not a list'), trans.__('give a list in [ ]')];
    case 'object':
      return [trans.__('is not an object'), trans.__('give an object in { }')];
    default:
      return [trans.__('is not text'), trans.__('give text in quotes')];
  }
}

interface IPart {
  name: string | number;
  part: { value: unknown; schema: ISchema };
  words?: Words;
}

/** The members of a list or an object, those that are missing or unknown among them. */
function parts(
  value: unknown,
  schema: ISchema,
  trans: TranslationBundle
): IPart[] {
  if (Array.isArray(value)) {
    const one = schema.items ?? {};
    return value.map((item, name) => ({
      name,
      part: { value: item, schema: one }
    }));
  }
  if (schema.type !== 'object') {
    return [];
  }
  const given = value as Record<string, unknown>;
  const { properties = {}, additionalProperties: more, required } = schema;
  const known = (name: string) =>
    has(properties, name) ? properties[name] : undefined;
  const found: IPart[] = Object.entries(given).map(([name, item]) => ({
    name,
    part: {
      value: item,
      schema: known(name) ?? (typeof more === 'object' ? more : {})
    },
    words:
      more === false && !known(name)
        ? [
            trans.__('is not known here'),
            trans.__('remove it, or check its spelling')
          ]
        : undefined
  }));
  const missing = (required ?? []).filter(name => !has(given, name));
  return [
    ...found,
    ...missing.map(name => ({
      name,
      part: { value: undefined, schema: {} },
      words: [trans.__('is missing'), trans.__('add it')] as Words
    }))
  ];
}

function has(object: object, name: string): boolean {
  return Object.prototype.hasOwnProperty.call(object, name);
}
