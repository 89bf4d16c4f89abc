import {
  caretDownIcon,
  caretUpIcon,
  closeIcon,
  ToolbarButtonComponent
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

interface IProps {
  text: string;
  /** How often it was found, and which of these is the current one. */
  count: { all: number; at: number };
  /** Whether all lines are loaded: it is looked for in these alone. */
  whole: boolean;
  trans: TranslationBundle;
  /** Whether it takes the focus when it comes. */
  focus: boolean;
  seek(text: string): void;
  go(step: 1 | -1): void;
  close(): void;
}

/** What is looked for, and the way from one place to the next. */
export function SearchBar(props: IProps): JSX.Element {
  const { text, count, whole, trans, focus, seek, go, close } = props;
  const found = count.all
    ? whole
      ? trans.__('%1 of %2', count.at, count.all)
      : trans.__('%1 of %2 in the loaded lines', count.at, count.all)
    : text &&
      (whole ? trans.__('Not found') : trans.__('Not in the loaded lines'));
  return (
    <div
      className="jp-Jobsub-log-search"
      role="search"
      onKeyDown={event => {
        if (event.key === 'Enter') {
          go(event.shiftKey ? -1 : 1);
        } else if (event.key === 'Escape') {
          close();
        }
      }}
    >
      <input
        autoFocus={focus}
        className="jp-mod-styled"
        type="search"
        value={text}
        placeholder={trans.__('Find')}
        aria-label={trans.__('Find in the lines that are loaded')}
        title={trans.__('Find in the lines that are loaded')}
        onChange={event => seek(event.target.value)}
      />
      <span role="status">{found}</span>
      <ToolbarButtonComponent
        icon={caretUpIcon}
        tooltip={trans.__('Previous')}
        enabled={count.all > 0}
        onClick={() => go(-1)}
      />
      <ToolbarButtonComponent
        icon={caretDownIcon}
        tooltip={trans.__('Next')}
        enabled={count.all > 0}
        onClick={() => go(1)}
      />
      <ToolbarButtonComponent
        icon={closeIcon}
        tooltip={trans.__('Close')}
        onClick={close}
      />
    </div>
  );
}
