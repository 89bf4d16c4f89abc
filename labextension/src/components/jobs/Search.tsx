import { InputGroup, closeIcon, searchIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Debouncer } from '@lumino/polling';
import * as React from 'react';

interface IProps {
  text: string;
  search(text: string): void;
  trans: TranslationBundle;
}

const PAUSE = 250; // milliseconds without typing

/** Type a part of a name or an id. */
export function Search({ text, search, trans }: IProps): JSX.Element {
  const [typed, setTyped] = React.useState(text);
  const latest = React.useRef(search);
  latest.current = search;
  const later = React.useMemo(
    () => new Debouncer((words: string) => latest.current(words), PAUSE),
    []
  );
  React.useEffect(() => () => later.dispose(), [later]);
  // cleared, or given, from elsewhere
  React.useEffect(() => setTyped(text), [text]);
  const type = (words: string) => {
    setTyped(words);
    void later.invoke(words);
  };
  return (
    <div className="jp-Jobsub-search" role="search">
      <InputGroup
        type="text"
        value={typed}
        placeholder={trans.__('Search name or id')}
        aria-label={trans.__('Search name or id')}
        rightIcon={typed ? undefined : searchIcon}
        onChange={event => type(event.target.value)}
        onKeyDown={event => event.key === 'Escape' && type('')}
      />
      {typed !== '' && (
        <button
          className="jp-Jobsub-clear"
          title={trans.__('Clear')}
          aria-label={trans.__('Clear')}
          onClick={() => type('')}
        >
          <closeIcon.react tag="span" />
        </button>
      )}
    </div>
  );
}
