import * as React from 'react';

import { Dropdown } from './Dropdown';

export interface IOption<T extends string> {
  value: T;
  label: React.ReactNode;
}

interface IProps<T extends string> {
  label: string;
  /** What is said instead of the options while there are none. */
  none: string;
  options: readonly IOption<T>[];
  chosen: readonly T[];
  /** Whether the button says how many are chosen. */
  counts?: boolean;
  choose(chosen: T[]): void;
  onOpen?(open: boolean): void;
  /** Choose what was chosen before the person came, under this name. */
  reset?: { label: string; run(): void };
}

/** A button that opens a list of which any can be ticked. */
export function Choice<T extends string>(props: IProps<T>): JSX.Element {
  const { label, options, chosen, counts, choose } = props;
  const toggle = (value: T) =>
    choose(
      options
        .map(option => option.value)
        .filter(one => chosen.includes(one) !== (one === value))
    );
  return (
    <Dropdown
      label={label}
      chosen={
        counts && chosen.length ? `${label} (${chosen.length})` : undefined
      }
      onOpen={props.onOpen}
    >
      {() => (
        <>
          {options.map(({ value, label }) => (
            <label key={value}>
              <input
                type="checkbox"
                checked={chosen.includes(value)}
                onChange={() => toggle(value)}
              />
              {label}
            </label>
          ))}
          {!options.length && <p>{props.none}</p>}
          {props.reset && (
            <button className="jp-Jobsub-link" onClick={props.reset.run}>
              {props.reset.label}
            </button>
          )}
        </>
      )}
    </Dropdown>
  );
}
