import {
  compact,
  goingOn,
  paint,
  plain,
  PLAIN,
  styleAfter,
  type IPainted,
  type IStyle
} from './ansi';

const LONGEST = 20_000; // characters of a line; what is longer is broken
const COST = 100; // characters that a line takes beside its own

/* What moves the cursor to another line, or erases others. */
const VERTICAL = /\n|\x1b\[(\d*)([ABEFJ])/g; // eslint-disable-line no-control-regex
const UNFINISHED = /\x1b(?:\[\d*)?$/; // eslint-disable-line no-control-regex
const AMID = /(?:\x1b[^a-zA-Z]{0,20}|[\ud800-\udbff])$/; // eslint-disable-line no-control-regex
const REDRAWN = /[\r\b]|\x1b\[\d*[GKCD]/; // eslint-disable-line no-control-regex

/** A line as it was written, which is drawn when somebody looks at it. */
export class Line {
  constructor(
    public id: number,
    private _raw: string,
    private _style: IStyle
  ) {}

  get raw(): string {
    return this._raw;
  }

  set raw(raw: string) {
    this._raw = raw;
    this._painted = this._text = undefined;
  }

  /** The style that it begins in. */
  get style(): IStyle {
    return this._style;
  }

  set style(style: IStyle) {
    this._style = style;
    this._painted = undefined;
  }

  get painted(): IPainted {
    return (this._painted ??= paint(this._raw, this._style));
  }

  get text(): string {
    return (this._text ??= plain(this._raw));
  }

  private _painted?: IPainted;
  private _text?: string;
}

/** A place of the log that has a cursor: so many characters into a line. */
interface IMark {
  id: number;
  at: number;
  cursor: string;
}

/**
 * A window on a log: lines in a row, which grows and is cut at both ends.
 *
 * It is cut only where a cursor is known, so that it can grow there again.
 */
export class Lines {
  /** @param start - The cursor of where it begins. */
  constructor(public start: string) {
    this.end = start;
    this._lines = [new Line(0, '', PLAIN)];
    this._size = COST;
  }

  /** The cursor of where it ends. */
  end: string;

  /** How many lines there are, of which the last may be empty. */
  get length(): number {
    return this._lines.length;
  }

  /** About how many characters it takes. */
  get size(): number {
    return this._size;
  }

  /** The number of its first line: less by what was put before it. */
  get first(): number {
    return this._lines[0].id;
  }

  get empty(): boolean {
    return this.length === 1 && !this._lines[0].raw;
  }

  at(index: number): Line {
    return this._lines[index];
  }

  /** Add what follows. */
  append(text: string, cursor: string): void {
    text = this._held + text;
    this._held = UNFINISHED.exec(text)?.[0] ?? '';
    text = text.slice(0, text.length - this._held.length);
    let done = 0;
    for (const found of text.matchAll(VERTICAL)) {
      this._write(text.slice(done, found.index));
      done = found.index! + found[0].length;
      this._move(found[2] ?? '\n', Number(found[1] || 0));
    }
    this._write(text.slice(done));
    this.end = cursor;
    this._mark(cursor);
  }

  /** Put before it what precedes it, up to its start. */
  prepend(text: string, cursor: string): void {
    const older = new Lines(cursor);
    older.append(text, this.start);
    const [own] = this._lines;
    const last = older._lines.pop()!;
    if (!this._lead) {
      own.raw = last.raw + own.raw;
      this._size += last.raw.length;
    }
    const shift = own.id - last.id;
    for (const each of [...older._lines, ...older._marks]) {
      each.id += shift;
    }
    const lead = last.raw.length;
    const marks = this._marks.map(mark =>
      mark.id === own.id && !this._lead ? { ...mark, at: mark.at + lead } : mark
    );
    this._marks = [...older._marks, ...marks];
    this._lines = [...older._lines, ...this._lines];
    this._size += older._size - COST - last.raw.length;
    this._row += older._lines.length;
    this._lead = 0;
    this.start = cursor;
    this._restyle(older._lines.length, last.style);
  }

  /** How much of what it takes is text. */
  get density(): number {
    return 1 - (COST * this.length) / this._size;
  }

  /** Drop the first lines, until it takes no more than this if that can be. */
  trimStart(most: number): void {
    let size = this._size;
    let index = 0;
    for (const mark of this._marks) {
      for (; this._lines[index].id < mark.id; index++) {
        size -= cost(this._lines[index]);
      }
      if (size <= most) {
        this._cutStart(mark, index, size);
        return;
      }
    }
  }

  /** Drop the last lines, until it takes no more than this if that can be. */
  trimEnd(most: number): void {
    let size = this._size;
    let index = this.length - 1;
    for (const mark of [...this._marks].reverse()) {
      for (; this._lines[index].id > mark.id; index--) {
        size -= cost(this._lines[index]);
      }
      if (size <= most) {
        this._cutEnd(mark, index);
        return;
      }
    }
  }

  private _cutStart(mark: IMark, index: number, size: number): void {
    this._lines.splice(0, index);
    this._marks = this._marks.filter(({ id }) => id >= mark.id);
    this._row = Math.max(0, this._row - index);
    this._size = size;
    this._lead = mark.at;
    this.start = mark.cursor;
  }

  private _cutEnd(mark: IMark, index: number): void {
    this._lines.length = index + 1;
    this._marks = this._marks.filter(({ id }) => id <= mark.id);
    this._lines[index].raw = this._lines[index].raw.slice(0, mark.at);
    this._size = this._lines.reduce((sum, line) => sum + cost(line), 0);
    this._row = index;
    this._held = '';
    this.end = mark.cursor;
  }

  /** Note a cursor, of which a line keeps the last. */
  private _mark(cursor: string): void {
    const line = this._lines[this._row];
    if (!this._held && this._row === this.length - 1) {
      if (this._marks[this._marks.length - 1]?.id === line.id) {
        this._marks.pop();
      }
      this._marks.push({ id: line.id, at: line.raw.length, cursor });
    }
  }

  private _write(text: string): void {
    while (text) {
      const line = this._lines[this._row];
      const part = text.slice(0, Math.max(0, LONGEST - line.raw.length));
      const whole = part.length === text.length;
      const size = whole ? part.length : part.replace(AMID, '').length;
      if (!size) {
        this._shorten(line);
        continue;
      }
      line.raw += part.slice(0, size);
      this._size += size;
      text = text.slice(size);
    }
  }

  /** Make room: write shorter what a line shows, or begin another one. */
  private _shorten(line: Line): void {
    if (REDRAWN.test(line.raw)) {
      const before = line.raw.length;
      line.raw = compact(line.raw, line.style);
      this._size += line.raw.length - before;
      this._marks = this._marks.filter(({ id }) => id !== line.id);
    }
    if (line.raw.length > LONGEST / 2) {
      this._down();
    }
  }

  private _move(way: string, n: number): void {
    if (way === '\n') {
      this._down();
    } else if (way === 'J') {
      this._erase(n);
    } else {
      this._jump(way === 'A' || way === 'F' ? -(n || 1) : n || 1, way >= 'E');
    }
  }

  /** Go to the next line's beginning, which is made if there is none. */
  private _down(): void {
    const { raw, style } = this._lines[this._row++];
    if (this._row === this.length) {
      const id = this.first + this._row;
      this._lines.push(new Line(id, '', styleAfter(raw, style)));
      this._size += COST;
    } else {
      this._add('\r');
    }
  }

  /** Go to another line that is there, and on in the same column unless at its beginning. */
  private _jump(by: number, toBeginning: boolean): void {
    const { column, style } = this._lines[this._row].painted;
    this._row = Math.min(Math.max(0, this._row + by), this.length - 1);
    this._add(goingOn(toBeginning ? 0 : column, style));
  }

  /** Erase what is behind the cursor, the lines under it too. */
  private _erase(which: number): void {
    if (which === 0) {
      this._add('\x1b[K');
      for (const line of this._lines.slice(this._row + 1)) {
        this._size -= line.raw.length;
        line.raw = '';
      }
    }
  }

  private _add(sequence: string): void {
    this._lines[this._row].raw += sequence;
    this._size += sequence.length;
  }

  /** Give lines the style that precedes them, as far as that is another than they had. */
  private _restyle(from: number, style: IStyle): void {
    for (let index = from; index < this.length; index++) {
      const line = this._lines[index];
      if (JSON.stringify(line.style) === JSON.stringify(style)) {
        return;
      }
      line.style = style;
      style = styleAfter(line.raw, style);
    }
  }

  private _lines: Line[];
  private _marks: IMark[] = []; // in the order of the log
  private _size: number;
  private _row = 0; // of the cursor
  private _lead = 0; // characters of the first line that stand before the start
  private _held = ''; // the beginning of a sequence
}

function cost(line: Line): number {
  return line.raw.length + COST;
}
