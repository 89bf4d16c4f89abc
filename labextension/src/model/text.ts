/** Specifications as text; imported when somebody looks at one. */

import * as jsonc from 'jsonc-parser';
import * as yaml from 'yaml';

import { same, type Draft } from './spec';

export type Format = 'json' | 'yaml';

/** A place in a text, from 1. */
interface IPlace {
  line: number;
  column: number;
}

/** A text that was read. */
export interface IParsed {
  /** What it says; undefined if it can't be read. */
  value?: unknown;
  /** Why it can't be read, in the parser's word for it or its own sentence, and where. */
  wrong?: IPlace & { message: string };
  /** The line of a field, or of what it is in. */
  lineOf(field: string): number;
}

/** One way to write a specification. */
export interface INotation {
  mimeType: string;
  parse(text: string): IParsed;
  write(draft: Draft): string;
  /** Change fields, and leave all else as it is written. */
  amend(text: string, before: Draft, after: Draft): string;
}

const STYLE = { insertSpaces: true, tabSize: 2 };

const json: INotation = {
  mimeType: 'application/json',
  parse: shallow(text => {
    const errors: jsonc.ParseError[] = [];
    const options = { allowTrailingComma: true };
    const tree = jsonc.parseTree(text, errors, options);
    const at = places(text);
    if (errors.length || !tree) {
      const [{ error, offset }] = errors.length
        ? errors
        : [{ error: 4, offset: 0 }];
      const code = jsonc.printParseErrorCode(error);
      return unread(at(offset), code);
    }
    return {
      value: plain(jsonc.getNodeValue(tree)),
      lineOf: field =>
        nearest(field, path => {
          const node = jsonc.findNodeAtLocation(tree, path);
          const pair = node?.parent?.type === 'property' ? node.parent : node;
          return pair && at(pair.offset).line;
        })
    };
  }),
  write: draft => `${JSON.stringify(draft, null, 2)}\n`,
  amend: (text, before, after) =>
    changes(before, after).reduce(
      (written, [name, value]) =>
        jsonc.applyEdits(
          written,
          jsonc.modify(written, [name], value, { formattingOptions: STYLE })
        ),
      text
    )
};

const WIDE = { lineWidth: 0 };

const yml: INotation = {
  mimeType: 'text/x-yaml',
  parse: text => {
    const document = yaml.parseDocument(text, { prettyErrors: false });
    const at = places(text);
    const [error] = document.errors;
    if (error) {
      return unread(at(error.pos[0]), error.message);
    }
    try {
      return {
        value: plain(document.toJS()),
        lineOf: field => nearest(field, path => placed(document, path, at))
      };
    } catch (wrong) {
      return unread(at(0), (wrong as Error).message);
    }
  },
  write: draft => yaml.stringify(draft, WIDE),
  amend: (text, before, after) => {
    const document = yaml.parseDocument(text);
    for (const [name, value] of changes(before, after)) {
      if (value === undefined) {
        document.deleteIn([name]);
      } else {
        document.setIn([name], document.createNode(value));
      }
    }
    return document.toString(WIDE);
  }
};

export const notations: Record<Format, INotation> = { json, yaml: yml };

/** What a text says as JSON: what JSON has no word for becomes null. */
function plain(value: unknown): unknown {
  return value === undefined
    ? null
    : JSON.parse(JSON.stringify(value) ?? 'null');
}

function changes(before: Draft, after: Draft): [string, unknown][] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names]
    .filter(name => !same(before[name], after[name]))
    .map(name => [name, after[name]]);
}

/** A parser that calls itself for what is within something, which no browser lets it do for ever. */
function shallow(parse: INotation['parse']): INotation['parse'] {
  return text => {
    try {
      return parse(text);
    } catch (error) {
      if (error instanceof RangeError) {
        return unread({ line: 1, column: 1 }, 'TooDeep');
      }
      throw error;
    }
  };
}

function unread(place: IPlace, message: string): IParsed {
  return { wrong: { ...place, message }, lineOf: () => 1 };
}

function places(text: string): (offset: number) => IPlace {
  return offset => {
    const lines = text.slice(0, offset).split('\n');
    return { line: lines.length, column: lines[lines.length - 1].length + 1 };
  };
}

type Path = (string | number)[];

/** Look for a field, then for what it is in. */
function nearest(
  field: string,
  find: (path: Path) => number | undefined
): number {
  const path: Path = field
    .split('.')
    .map(part => (/^\d+$/.test(part) ? Number(part) : part));
  for (; path.length; path.pop()) {
    const line = find(path);
    if (line) {
      return line;
    }
  }
  return 1;
}

function placed(
  document: yaml.Document,
  path: Path,
  at: (offset: number) => IPlace
): number | undefined {
  const within = document.getIn(path.slice(0, -1), true);
  const last = path[path.length - 1];
  const pair = yaml.isMap(within)
    ? within.items.find(({ key }) => yaml.isScalar(key) && key.value === last)
    : undefined;
  const node = pair?.key ?? document.getIn(path, true);
  return yaml.isNode(node) && node.range ? at(node.range[0]).line : undefined;
}
