import { closeIcon } from '@jupyterlab/ui-components';
import { JSONExt } from '@lumino/coreutils';
import * as React from 'react';

import { useEditing, useText } from './editing';
import { Wrong } from './Field';

type Row = [name: string, value: any];

interface IProps {
  /** The specification's field: an object of names and values. */
  field: string;
  /** How a value is shown, and what was typed is read. */
  format?(value: unknown): string;
  parse?(text: string): unknown;
  /** Names that are not listed here, since they have inputs of their own. */
  except?: readonly string[];
  words: { name(n: number): string; value(n: number): string; remove: string };
}

/** Names and values, a row each, the last of which is free. */
export function Rows(props: IProps): JSX.Element {
  const { field, format = String, parse = String, except = [], words } = props;
  const { form } = useEditing();
  const given = rowsOf(form.draft[field]);
  const kept = given.filter(([name]) => except.includes(name));
  const rows = given.filter(([name]) => !except.includes(name));
  const change = (index: number, row: Row | null) => {
    const changed = [...rows];
    changed.splice(index, 1, ...(row && row.some(Boolean) ? [row] : []));
    form.set(field, valueOf([...kept, ...changed]));
  };
  return (
    <div className="jp-Jobsub-pairs">
      {[...rows, ['', ''] as Row].map(([name, value], index) => (
        <Pair
          key={index}
          {...{ field, words, name, value, format, parse }}
          number={index + 1}
          twice={rows.filter(([other]) => name && other === name).length > 1}
          change={row => change(index, row)}
          free={index === rows.length}
        />
      ))}
      {!Array.isArray(form.draft[field]) && (
        <Wrong wrong={form.wrongAt(field)} />
      )}
    </div>
  );
}

interface IPairProps extends Required<Omit<IProps, 'except'>> {
  name: string;
  value: unknown;
  number: number;
  /** Whether another has the same name. */
  twice: boolean;
  /** Whether it is the one that a new one is typed into. */
  free: boolean;
  change(row: Row | null): void;
}

function Pair(props: IPairProps): JSX.Element {
  const { field, words, name, number, twice, free, change } = props;
  const { form, trans } = useEditing();
  const text = useText(props.value, props.format, props.parse, value =>
    change([name, value])
  );
  const id = React.useId();
  const wrong = twice
    ? [
        {
          field: name,
          message: trans.__('comes twice'),
          remedy: trans.__('give each a name of its own')
        }
      ]
    : name
      ? form.wrongAt(`${field}.${name}`, true)
      : [];
  const marks = {
    'aria-invalid': wrong.length ? true : undefined,
    'aria-describedby': `${id}-wrong`,
    className: 'jp-mod-styled jp-Jobsub-typed',
    spellCheck: false
  };
  return (
    <>
      <input
        {...marks}
        type="text"
        aria-label={words.name(number)}
        placeholder={trans.__('Name')}
        value={name}
        onChange={event => change([event.target.value, props.value])}
      />
      <textarea
        {...marks}
        {...text}
        rows={1}
        aria-label={words.value(number)}
        placeholder={trans.__('Value')}
      />
      {free ? (
        <span />
      ) : (
        <button
          type="button"
          className="jp-Jobsub-iconButton"
          aria-label={`${words.remove} ${name}`}
          title={words.remove}
          onClick={() => change(null)}
        >
          <closeIcon.react tag="span" aria-hidden />
        </button>
      )}
      <Wrong id={`${id}-wrong`} wrong={wrong} />
    </>
  );
}

/** What can't be an object as it was typed, such as a name that comes twice, is a list of rows. */
function rowsOf(value: unknown): Row[] {
  if (Array.isArray(value)) {
    return value.filter(Array.isArray) as unknown as Row[];
  }
  return JSONExt.isObject((value ?? null) as any)
    ? Object.entries(value as object)
    : [];
}

function valueOf(rows: Row[]): unknown {
  const names = rows.map(([name]) => name);
  const orderly =
    new Set(names).size === names.length && !names.some(n => /^\d+$/.test(n));
  return !rows.length ? undefined : orderly ? Object.fromEntries(rows) : rows;
}
