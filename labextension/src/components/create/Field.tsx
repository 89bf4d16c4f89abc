import { caretDownEmptyIcon, folderIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Browsed } from '../../browse';
import type { FieldError } from '../../api/types';
import { seconds, span } from '../../words';
import { useEditing, useText } from './editing';

/** What ties an input to its label, its hint and what is wrong with it. */
export interface ITied {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: boolean;
}

/** An input with its label, what it is for, and what is wrong with it. */
export function Field(props: {
  label: string;
  hint?: string;
  wrong: readonly FieldError[];
  children(tied: ITied): React.ReactNode;
}): JSX.Element {
  const { label, hint, wrong, children } = props;
  const id = React.useId();
  const about = [hint && `${id}-hint`, wrong.length && `${id}-wrong`];
  return (
    <div className="jp-Jobsub-field">
      <label htmlFor={id}>{label}</label>
      {children({
        id,
        'aria-describedby': about.filter(Boolean).join(' ') || undefined,
        'aria-invalid': wrong.length ? true : undefined
      })}
      {hint && (
        <div className="jp-Jobsub-hint" id={`${id}-hint`}>
          {hint}
        </div>
      )}
      <Wrong id={`${id}-wrong`} wrong={wrong} />
    </div>
  );
}

/** What is wrong, and what to do about it. */
export function Wrong(props: {
  wrong: readonly FieldError[];
  id?: string;
  named?: boolean;
}): JSX.Element | null {
  const { wrong, id, named } = props;
  return wrong.length ? (
    <div className="jp-Jobsub-wrong" id={id}>
      {wrong.map(({ field, message, remedy }) => (
        <div key={`${field} ${message}`}>
          {named && `${field}: `}
          {message}
          {remedy && ` – ${remedy}`}
        </div>
      ))}
    </div>
  ) : null;
}

interface ITyped {
  label: string;
  hint?: string;
  placeholder?: string;
  /** Letters of one width. */
  code?: boolean;
}

/** What a person types as text, and means something. */
export function TypedField(
  props: ITyped & {
    value: unknown;
    wrong: readonly FieldError[];
    numeric?: boolean;
    /** How the value is written. */
    format?(value: any): string;
    /** What a text says; undefined if it says nothing. */
    parse?(text: string): unknown;
    change(value: unknown): void;
    /** What stands beside the input. */
    children?: React.ReactNode;
  }
): JSX.Element {
  const { label, hint, placeholder, code, value, wrong, numeric } = props;
  const { format = String, parse = String, change, children } = props;
  const text = useText(value, format, parse, change);
  return (
    <Field label={label} hint={hint} wrong={wrong}>
      {tied => (
        <div className="jp-Jobsub-input">
          <input
            {...tied}
            {...text}
            type="text"
            inputMode={numeric ? 'numeric' : undefined}
            className={`jp-mod-styled ${code ? 'jp-Jobsub-typed' : ''}`}
            spellCheck={false}
            placeholder={placeholder}
          />
          {children}
        </div>
      )}
    </Field>
  );
}

interface IOfField extends ITyped {
  /** The specification's field. */
  field: string;
}

export function TextField({
  field,
  ...props
}: IOfField & { children?: React.ReactNode }): JSX.Element {
  const { form } = useEditing();
  return (
    <TypedField
      {...props}
      wrong={form.wrongAt(field, true)}
      value={form.draft[field]}
      format={shown}
      parse={text => text || undefined}
      change={value => form.set(field, value)}
    />
  );
}

/** A whole path, which can be looked for. */
export function PathField(
  props: Omit<IOfField, 'code'> & { what: Browsed }
): JSX.Element {
  const { field, what } = props;
  const { form, trans, browse } = useEditing();
  const words: Record<Browsed, string> = {
    notebook: trans.__('Browse for a notebook'),
    script: trans.__('Browse for a script'),
    folder: trans.__('Browse for a folder')
  };
  const look = async () => {
    const path = await browse?.(what, form.draft[field]);
    path && form.set(field, path);
  };
  return (
    <TextField {...props} code>
      {browse && (
        <button
          type="button"
          className="jp-Jobsub-iconButton"
          title={words[what]}
          aria-label={words[what]}
          onClick={() => void look()}
        >
          <folderIcon.react tag="span" aria-hidden />
        </button>
      )}
    </TextField>
  );
}

function shown(value: unknown): string {
  return typeof value === 'string'
    ? value
    : value === undefined || value === null
      ? ''
      : JSON.stringify(value);
}

/** Read a whole number; what is none stays text. */
export function wholeNumber(text: string): number | string | undefined {
  const bare = text.trim();
  return bare === '' ? undefined : /^-?\d+$/.test(bare) ? Number(bare) : text;
}

export function NumberField({ field, ...props }: IOfField): JSX.Element {
  const { form } = useEditing();
  return (
    <TypedField
      {...props}
      numeric
      wrong={form.wrongAt(field)}
      value={form.draft[field]}
      parse={wholeNumber}
      change={value => form.set(field, value)}
    />
  );
}

/** A duration, as people write it. */
export function DurationField({ field, ...props }: IOfField): JSX.Element {
  const { form, trans } = useEditing();
  const value = form.draft[field];
  const wrong =
    typeof value === 'string'
      ? [
          {
            field,
            message: trans.__('is not a duration'),
            remedy: trans.__('write it as 90s, 30m, 2h, 1h 30m or 7d')
          }
        ]
      : form.wrongAt(field);
  return (
    <TypedField
      {...props}
      wrong={wrong}
      value={value}
      format={given => (typeof given === 'number' ? span(given) : shown(given))}
      parse={text => (text.trim() === '' ? undefined : (seconds(text) ?? text))}
      change={typed => form.set(field, typed)}
    />
  );
}

export function CheckField(props: {
  field: string;
  label: string;
  hint: string;
}): JSX.Element {
  const { field, label, hint } = props;
  const { form } = useEditing();
  const wrong = form.wrongAt(field);
  const id = React.useId();
  return (
    <div className="jp-Jobsub-field">
      <label className="jp-Jobsub-check">
        <input
          type="checkbox"
          checked={form.draft[field] === true}
          aria-describedby={`${id}-hint ${id}-wrong`}
          aria-invalid={wrong.length ? true : undefined}
          onChange={event => form.set(field, event.target.checked || undefined)}
        />
        {label}
      </label>
      <div className="jp-Jobsub-hint" id={`${id}-hint`}>
        {hint}
      </div>
      <Wrong id={`${id}-wrong`} wrong={wrong} />
    </div>
  );
}

/** One of several; what was given and is none of them is shown, too. */
export function Select(
  props: ITied & {
    value: unknown;
    /** What it is when nothing is chosen. */
    otherwise?: string;
    options: readonly { value: string; text: string }[];
    onChange(value: string | undefined): void;
  }
): JSX.Element {
  const { value, otherwise, options, onChange, ...tied } = props;
  const now = shown(value);
  const known = now === '' || options.some(option => option.value === now);
  return (
    <div className="jp-Jobsub-select">
      <select
        {...tied}
        className="jp-mod-styled"
        value={now}
        onChange={event => onChange(event.target.value || undefined)}
      >
        {otherwise !== undefined && <option value="">{otherwise}</option>}
        {!known && <option value={now}>{now}</option>}
        {options.map(option => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
      <caretDownEmptyIcon.react tag="span" aria-hidden />
    </div>
  );
}
