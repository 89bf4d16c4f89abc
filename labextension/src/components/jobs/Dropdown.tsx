import { caretDownIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

interface IProps {
  label: string;
  /** What the button says instead of the label, if something is chosen. */
  chosen?: string;
  onOpen?(open: boolean): void;
  /** What opens; `close` gives the button the focus. */
  children(close: () => void): React.ReactNode;
}

/** A button that opens something to choose from. */
export function Dropdown(props: IProps): JSX.Element {
  const { label, chosen, onOpen, children } = props;
  const [open, setOpen] = React.useState(false);
  const whole = React.useRef<HTMLDivElement>(null);
  const button = React.useRef<HTMLButtonElement>(null);
  const id = React.useId();
  const show = (shown: boolean) => {
    setOpen(shown);
    onOpen?.(shown);
  };
  const close = () => {
    show(false);
    button.current?.focus();
  };
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
          close();
          event.stopPropagation();
        }
      }}
    >
      <button
        ref={button}
        className="jp-Jobsub-choice-button"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        data-chosen={!!chosen || undefined}
        onClick={() => show(!open)}
      >
        {chosen || label}
        <caretDownIcon.react tag="span" />
      </button>
      {open && (
        <div
          id={id}
          className="jp-Jobsub-choice-list"
          role="group"
          aria-label={label}
          ref={within}
          tabIndex={-1}
        >
          {children(close)}
        </div>
      )}
    </div>
  );
}

/** Move what has opened to the left, as far as it would leave the view. */
function within(opened: HTMLElement | null): void {
  const view = opened?.closest('.jp-Jobsub')?.getBoundingClientRect();
  if (opened && view) {
    opened.style.maxWidth = `${view.width}px`;
    const { left, right } = opened.getBoundingClientRect();
    const over = Math.min(right - view.right, left - view.left);
    if (over > 0) {
      opened.style.left = `${-over}px`;
    }
  }
}
