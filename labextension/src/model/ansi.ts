/**
 * What a terminal would show of a line: text in styles, after carriage returns and erasures.
 */

/** How a stretch of text looks; colours as in CSS. */
export interface IStyle {
  readonly color?: string;
  readonly background?: string;
  readonly bold?: boolean;
  readonly dim?: boolean;
  readonly italic?: boolean;
  readonly underline?: boolean;
  readonly strike?: boolean;
  readonly inverse?: boolean;
}

export interface IRun {
  text: string;
  style: IStyle;
}

/** A line as it is shown, and where its cursor ended. */
export interface IPainted {
  runs: IRun[];
  column: number;
  style: IStyle;
}

export const PLAIN: IStyle = {};

/* The colours of JupyterLab's own outputs. */
const NORMAL = [
  '#3e424d',
  '#e75c58',
  '#00a250',
  '#ddb62b',
  '#208ffb',
  '#d160c4',
  '#60c6c8',
  '#c5c1b4'
];
const INTENSE = [
  '#282c36',
  '#b22b31',
  '#007427',
  '#b27d12',
  '#0065ca',
  '#a03196',
  '#258f8f',
  '#a1a6b2'
];

const SEQUENCE = new RegExp(
  [
    '\\x1b\\[([0-9;:<=>?]*)[ -/]*([@-~])', // control sequences, such as colours
    '\\x1b[\\]PX^_][^\\x07\\x1b]*(?:\\x07|\\x1b\\\\|$)', // texts for the terminal
    '\\x1b\\[?[0-9;:<=>?]*$', // what has not come whole
    '\\x1b[ -/]*[0-~]', // other escapes
    '[\\x00-\\x08\\x0b-\\x1f\\x7f-\\x9f]' // control characters
  ].join('|'),
  'g'
);
const CONTROL = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/; // eslint-disable-line no-control-regex
const MOVES = /[\r\b]|\x1b\[[0-9;:<=>?]*[ -/]*[^m0-9;:<=>? -/]/; // eslint-disable-line no-control-regex
const COLORS = /\x1b\[([\d;:]*)m/g; // eslint-disable-line no-control-regex
const WIDEST = 20_000; // columns that a cursor can be sent to

/** The style after a line that began in another. */
export function styleAfter(raw: string, style: IStyle): IStyle {
  if (raw.includes('\x1b')) {
    for (const [, codes] of raw.matchAll(COLORS)) {
      style = restyle(style, codes);
    }
  }
  return style;
}

/** A line's text alone. */
export function plain(raw: string): string {
  if (!CONTROL.test(raw)) {
    return raw;
  }
  return MOVES.test(raw)
    ? paint(raw, PLAIN)
        .runs.map(run => run.text)
        .join('')
    : raw.replace(SEQUENCE, '');
}

/** Draw a line that begins in a style. */
export function paint(raw: string, style: IStyle): IPainted {
  if (!CONTROL.test(raw)) {
    return {
      runs: raw ? [{ text: raw, style }] : [],
      column: raw.length,
      style
    };
  }
  const row = new Row(style);
  let at = 0;
  for (const found of raw.matchAll(SEQUENCE)) {
    row.write(raw.slice(at, found.index));
    at = found.index! + found[0].length;
    if (found[2]) {
      row.obey(found[2], found[1]);
    } else if (found[0] === '\r') {
      row.column = 0;
    } else if (found[0] === '\b') {
      row.column = Math.max(0, row.column - 1);
    }
  }
  row.write(raw.slice(at));
  return { runs: row.runs(), column: row.column, style: row.style };
}

/** Write what shows as a line does, and goes on as it does, in as few characters as it takes. */
export function compact(raw: string, begin: IStyle): string {
  const { runs, column, style } = paint(raw, begin);
  const parts = runs.map(run => codes(run.style) + run.text);
  return parts.join('') + goingOn(column, style);
}

/** The sequences after which a line goes on in a column and a style. */
export function goingOn(column: number, style: IStyle): string {
  return `\x1b[${column + 1}G${codes(style)}`;
}

/** One row of a terminal. */
class Row {
  column = 0;

  constructor(public style: IStyle) {}

  write(text: string): void {
    for (const sign of text) {
      this._reach(this.column);
      this._signs[this.column] = sign;
      this._styles[this.column++] = this.style;
    }
  }

  /** Obey a control sequence, if it is about colours, or a place in this row. */
  obey(name: string, parameters: string): void {
    const n = Math.min(Math.max(1, parseInt(parameters, 10) || 1), WIDEST);
    if (name === 'm') {
      this.style = restyle(this.style, parameters);
    } else if (name === 'K') {
      this._erase(parameters);
    } else if (name === 'C') {
      this.column = Math.min(this.column + n, WIDEST);
    } else if (name === 'D') {
      this.column = Math.max(0, this.column - n);
    } else if (name === 'G') {
      this.column = n - 1;
    } else if (name === 'P') {
      this._signs.splice(this.column, n);
      this._styles.splice(this.column, n);
    }
  }

  runs(): IRun[] {
    const runs: IRun[] = [];
    this._signs.forEach((sign, at) => {
      const last = runs[runs.length - 1];
      if (last?.style === this._styles[at]) {
        last.text += sign;
      } else {
        runs.push({ text: sign, style: this._styles[at] });
      }
    });
    return runs;
  }

  private _erase(which: string): void {
    if (which === '' || which === '0') {
      this._signs.length = Math.min(this._signs.length, this.column);
      this._styles.length = this._signs.length;
    } else {
      const end = which === '2' ? this._signs.length : this.column + 1;
      for (let at = 0; at < Math.min(end, this._signs.length); at++) {
        this._signs[at] = ' ';
        this._styles[at] = PLAIN;
      }
    }
  }

  private _reach(column: number): void {
    while (this._signs.length < column) {
      this._signs.push(' ');
      this._styles.push(PLAIN);
    }
  }

  private _signs: string[] = [];
  private _styles: IStyle[] = [];
}

const FLAGS: { [code: number]: Partial<IStyle> } = {
  1: { bold: true },
  2: { dim: true },
  3: { italic: true },
  4: { underline: true },
  7: { inverse: true },
  9: { strike: true },
  21: { underline: true },
  22: { bold: undefined, dim: undefined },
  23: { italic: undefined },
  24: { underline: undefined },
  27: { inverse: undefined },
  29: { strike: undefined },
  39: { color: undefined },
  49: { background: undefined }
};

/** The style after the codes of a sequence, such as `1;31` or `38;2;255;0;0`. */
function restyle(style: IStyle, text: string): IStyle {
  const rest = text.split(';');
  while (rest.length) {
    const [code, ...sub] = rest.shift()!.split(':');
    const n = Number(code);
    if (n === 0) {
      style = PLAIN;
    } else if (n === 38 || n === 48) {
      const color = sub.length ? extended(sub.filter(Boolean)) : extended(rest);
      style = recolored(style, n, color);
    } else if (n === 4 && sub[0] === '0') {
      style = { ...style, underline: undefined };
    } else if (FLAGS[n]) {
      style = { ...style, ...FLAGS[n] };
    } else {
      style = recolored(style, n, named(n));
    }
  }
  return style;
}

function recolored(style: IStyle, code: number, color?: string): IStyle {
  if (!color) {
    return style;
  }
  const behind = (code >= 40 && code < 50) || code >= 100;
  return behind ? { ...style, background: color } : { ...style, color };
}

function named(code: number): string | undefined {
  const palette = code >= 90 ? INTENSE : NORMAL;
  const n = code % 10;
  return n < 8 && [3, 4, 9, 10].includes(Math.floor(code / 10))
    ? palette[n]
    : undefined;
}

/** A colour by number or by its parts, which are taken from what is left. */
function extended(rest: string[]): string | undefined {
  const kind = rest.shift();
  if (kind === '5') {
    return numbered(Number(rest.shift()));
  }
  if (kind === '2') {
    // written with colons there may be a colour space before the parts
    const parts = rest.splice(0, 3).map(part => Math.min(255, Number(part)));
    return parts.length === 3 ? hex(parts) : undefined;
  }
}

function numbered(n: number): string | undefined {
  if (!(n >= 0 && n < 256)) {
    return undefined;
  }
  if (n < 16) {
    return n < 8 ? NORMAL[n] : INTENSE[n - 8];
  }
  if (n >= 232) {
    return hex(Array(3).fill((n - 232) * 10 + 8));
  }
  const level = (part: number) => (part ? part * 40 + 55 : 0);
  const at = n - 16;
  return hex([Math.floor(at / 36), Math.floor(at / 6) % 6, at % 6].map(level));
}

function hex(parts: number[]): string {
  return `#${parts.map(part => (part | 0).toString(16).padStart(2, '0')).join('')}`;
}

/** The sequence that begins a style. */
function codes(style: IStyle): string {
  const given = [0];
  for (const [code, change] of Object.entries(FLAGS).slice(0, 6)) {
    const [[name, value]] = Object.entries(change);
    if (value && style[name as keyof IStyle]) {
      given.push(Number(code));
    }
  }
  const color = (code: number, value?: string) =>
    value &&
    given.push(
      code,
      2,
      ...value.match(/\w\w/g)!.map(part => parseInt(part, 16))
    );
  color(38, style.color);
  color(48, style.background);
  return `\x1b[${given.join(';')}m`;
}

/** Black or white: what can be read on a colour. */
export function readableOn(background: string): string {
  const [r, g, b] = background.match(/\w\w/g)!.map(part => parseInt(part, 16));
  return r * 0.299 + g * 0.587 + b * 0.114 > 110 ? '#000000' : '#ffffff';
}
