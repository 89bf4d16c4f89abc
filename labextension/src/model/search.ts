import type { Line, Lines } from './lines';

/** Where a text stands in a line: from a character to another. */
export type Found = readonly [number, number];

/** One of those that were found: in a line, the nth. */
export interface IFind {
  line: number;
  nth: number;
}

interface ILooked {
  text: string;
  found: Found[];
}

const NOTHING: Found[] = [];

/** A text that is looked for in lines, whatever its case. Each line is looked at once. */
export class Search {
  constructor(readonly text: string) {
    const literal = text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    this._pattern = text ? new RegExp(literal, 'giu') : null;
  }

  /** Where it stands in a line. */
  in(line: Line): Found[] {
    const { text } = line;
    const before = this._looked.get(line);
    if (before?.text === text) {
      return before.found;
    }
    const found = !this._pattern
      ? NOTHING
      : Array.from(
          text.matchAll(this._pattern),
          ({ index, 0: { length } }) => [index!, index! + length] as const
        );
    this._looked.set(line, { text, found });
    return found;
  }

  /** How often it stands in all lines, and how often up to one of those that were found. */
  count(lines: Lines, current: IFind | null): { all: number; at: number } {
    let all = 0;
    let at = 0;
    for (let index = 0; this._pattern && index < lines.length; index++) {
      const line = lines.at(index);
      if (line.id === current?.line) {
        at = all + current.nth + 1;
      }
      all += this.in(line).length;
    }
    return { all, at: Math.min(at, all) };
  }

  /** The next that is found after (or, with -1, before) another one or the beginning of a line; around the end too. */
  next(lines: Lines, from: IFind, step: 1 | -1): IFind | null {
    const length = lines.length;
    const start = Math.min(Math.max(0, from.line - lines.first), length - 1);
    const nth = from.nth + step;
    if (nth >= 0 && nth < this.in(lines.at(start)).length) {
      return { line: lines.at(start).id, nth };
    }
    for (let n = 1; n <= length; n++) {
      const line = lines.at((start + step * n + length) % length);
      const found = this.in(line).length;
      if (found) {
        return { line: line.id, nth: step > 0 ? 0 : found - 1 };
      }
    }
    return null;
  }

  private _pattern: RegExp | null;
  private _looked = new WeakMap<Line, ILooked>();
}
