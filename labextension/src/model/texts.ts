import { JSONExt } from '@lumino/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type { FieldError } from '../api/types';
import { same, type Draft, type SpecForm } from './spec';
import type { Format, INotation, IParsed } from './text';

/** Something wrong, and in which line. */
export interface ILineError extends Partial<FieldError> {
  line: number;
  /** From 1; left out if it is the whole line. */
  column?: number;
  message: string;
}

interface IText {
  text: string;
  /** What it says, as far as it could be read. */
  draft: Draft;
}

/**
 * The specification as text, in each notation as it was written: comments and layout stay,
 * and so does what can't be read.
 */
export class SpecTexts {
  constructor(
    private _form: SpecForm,
    private _notations: Record<Format, INotation>,
    private _trans: TranslationBundle
  ) {}

  /** The text that cannot be read, and why; while there is one, it is what counts. */
  get broken(): { format: Format; wrong: ILineError } | null {
    return this._broken;
  }

  mimeType(format: Format): string {
    return this._notations[format].mimeType;
  }

  /** The specification in a notation. */
  text(format: Format): string {
    const { draft } = this._form;
    const notation = this._notations[format];
    let kept = this._texts[format];
    if (!kept) {
      kept = { text: notation.write(draft), draft };
    } else if (this._broken?.format !== format && !same(kept.draft, draft)) {
      kept = { text: notation.amend(kept.text, kept.draft, draft), draft };
    }
    this._texts[format] = kept;
    return kept.text;
  }

  /** Take a text that was typed. */
  write(format: Format, text: string): void {
    const parsed = this._notations[format].parse(text);
    const wrong = this._unusable(parsed);
    const { draft } = this._form;
    if (this._broken && this._broken.format !== format) {
      delete this._texts[this._broken.format]; // nothing can be put into it
    }
    this._broken = wrong && { format, wrong };
    const said = wrong ? draft : (parsed.value as Draft);
    this._texts[format] = { text, draft: said };
    this._form.draft = said;
  }

  /** Take a file's text, in place of all there is. */
  read(name: string, text: string): Format {
    const format = /\.ya?ml$/i.test(name) ? 'yaml' : 'json';
    this.write(format, text);
    return format;
  }

  /** What is wrong, line by line. */
  wrong(format: Format): ILineError[] {
    if (this._broken?.format === format) {
      return [this._broken.wrong];
    }
    const { lineOf } = this._notations[format].parse(this.text(format));
    return this._form.wrong
      .map(wrong => ({ ...wrong, line: lineOf(wrong.field) }))
      .sort((one, other) => one.line - other.line);
  }

  private _unusable({ value, wrong }: IParsed): ILineError | null {
    if (wrong) {
      const { message, column } = wrong;
      const known = jsonWords(this._trans)[message];
      const other = this._trans.__(
        'at column %1 it can’t be read: %2',
        column,
        message
      );
      return { ...wrong, message: known ?? other };
    }
    return JSONExt.isObject((value ?? null) as any)
      ? null
      : {
          line: 1,
          message: this._trans.__('this is no job: it has no fields')
        };
  }

  private _texts: Partial<Record<Format, IText>> = {};
  private _broken: { format: Format; wrong: ILineError } | null = null;
}

/** What is wrong with JSON, by the parser's word for it. */
function jsonWords(trans: TranslationBundle): Record<string, string> {
  return {
    CommaExpected: trans.__('a comma is missing'),
    ColonExpected: trans.__('a colon is missing'),
    ValueExpected: trans.__('a value is missing'),
    PropertyNameExpected: trans.__('a name in quotes is missing'),
    CloseBraceExpected: trans.__('a closing } is missing'),
    CloseBracketExpected: trans.__('a closing ] is missing'),
    EndOfFileExpected: trans.__('the text goes on after its end'),
    InvalidSymbol: trans.__('this is no JSON; text needs quotes'),
    InvalidNumberFormat: trans.__('this is no number'),
    UnexpectedEndOfString: trans.__('a closing quote is missing'),
    UnexpectedEndOfComment: trans.__('a comment has no end'),
    TooDeep: trans.__('it is nested too deeply'),
    InvalidUnicode: trans.__('after \\u come four hexadecimal digits'),
    InvalidEscapeCharacter: trans.__('JSON has no such escape after \\'),
    InvalidCharacter: trans.__('a character here must be written with \\')
  };
}
