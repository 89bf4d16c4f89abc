import { caretDownIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

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
  /** Whether the list lies towards the left. */
  right?: boolean;
  /** Choose what was chosen before the person came, under this name. */
  reset?: { label: string; run(): void };
}

/** A button that opens a list of which any can be ticked. */
export function Choice<T extends string>(props: IProps<T>): JSX.Element {
  const { label, options, chosen, counts, choose, onOpen } = props;
  const [open, setOpen] = React.useState(false);
  const whole = React.useRef<HTMLDivElement>(null);
  const button = React.useRef<HTMLButtonElement>(null);
  const id = React.useId();
  const show = (shown: boolean) => {
    setOpen(shown);
    onOpen?.(shown);
  };
  const toggle = (value: T) =>
    choose(
      options
        .map(option => option.value)
        .filter(one => chosen.includes(one) !== (one === value))
    );
  return (
    <div
      ref={whole}
      className="jp-Jobsub-choice"
      onBlur={event => {
        if (open && !whole.current?.contains(event.relatedTarget as Node)) {
          show(false);
        }
      }}
      onKeyDown={event => {
        if (event.key === 'Escape' && open) {
          show(false);
          button.current?.focus();
          event.stopPropagation();
        }
      }}
    >
      <button
        ref={button}
        className="jp-Jobsub-choice-button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        data-chosen={(counts && chosen.length > 0) || undefined}
        onClick={() => show(!open)}
      >
        {counts && chosen.length ? `${label} (${chosen.length})` : label}
        <caretDownIcon.react tag="span" />
      </button>
      {open && (
        <div
          id={id}
          className="jp-Jobsub-choice-list"
          role="group"
          aria-label={label}
          data-right={props.right}
          tabIndex={-1}
        >
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
        </div>
      )}
    </div>
  );
}
