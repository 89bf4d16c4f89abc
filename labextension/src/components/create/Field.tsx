import { caretDownEmptyIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { FieldError } from '../../api/types';
import { seconds, span } from '../../words';
import { useEditing, useText } from './editing';

interface IProps {
  /** The specification's field. */
  field: string;
  label: string;
  hint?: string;
}

/** What ties an input to its label, its hint and what is wrong with it. */
export interface ITied {
  id: string;
  'aria-describedby'?: string;
  'aria-invalid'?: boolean;
}

/** An input with its label, what it is for, and what is wrong with it. */
export function Field(
  props: Omit<IProps, 'field'> & {
    wrong: readonly FieldError[];
    children(tied: ITied): React.ReactNode;
  }
): JSX.Element {
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

/** What a person types as text. */
export function TextField(
  props: IProps & { placeholder?: string; code?: boolean }
): JSX.Element {
  const { field, label, hint, placeholder, code } = props;
  const { form } = useEditing();
  return (
    <Field label={label} hint={hint} wrong={form.wrongAt(field, true)}>
      {tied => (
        <input
          {...tied}
          type="text"
          className={`jp-mod-styled ${code ? 'jp-Jobsub-typed' : ''}`}
          spellCheck={false}
          placeholder={placeholder}
          value={shown(form.draft[field])}
          onChange={event => form.set(field, event.target.value || undefined)}
        />
      )}
    </Field>
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

export function NumberField(
  props: IProps & { placeholder?: string }
): JSX.Element {
  const { field, label, hint, placeholder } = props;
  const { form } = useEditing();
  const text = useText(form.draft[field], String, wholeNumber, value =>
    form.set(field, value)
  );
  return (
    <Field label={label} hint={hint} wrong={form.wrongAt(field)}>
      {tied => (
        <input
          {...tied}
          {...text}
          type="text"
          inputMode="numeric"
          className="jp-mod-styled"
          placeholder={placeholder}
        />
      )}
    </Field>
  );
}

/** A duration, as people write it. */
export function DurationField(
  props: IProps & { placeholder?: string }
): JSX.Element {
  const { field, label, hint, placeholder } = props;
  const { form, trans } = useEditing();
  const value = form.draft[field];
  const parse = (text: string) =>
    text.trim() === '' ? undefined : (seconds(text) ?? text);
  const format = (given: unknown) =>
    typeof given === 'number' ? span(given) : shown(given);
  const text = useText(value, format, parse, typed => form.set(field, typed));
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
    <Field label={label} hint={hint} wrong={wrong}>
      {tied => (
        <input
          {...tied}
          {...text}
          type="text"
          className="jp-mod-styled"
          placeholder={placeholder}
        />
      )}
    </Field>
  );
}

export function CheckField(props: IProps): JSX.Element {
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
