import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { Dropdown } from './Dropdown';

interface IProps {
  /** Those of whom something is known; there may be others. */
  users: readonly string[];
  chosen: string | undefined;
  trans: TranslationBundle;
  choose(user: string | undefined): void;
  onOpen(open: boolean): void;
}

const MOST = 50; // names that are offered at once

/** Whose jobs: a name that is known, or any that is typed. */
export function UserChoice(props: IProps): JSX.Element {
  const { chosen, trans, onOpen } = props;
  return (
    <Dropdown
      label={trans.__('User')}
      chosen={chosen && trans.__('User: %1', chosen)}
      onOpen={onOpen}
    >
      {close => <Names {...props} close={close} />}
    </Dropdown>
  );
}

function Names(props: IProps & { close(): void }): JSX.Element {
  const { users, chosen, trans, choose, close } = props;
  const [typed, setTyped] = React.useState('');
  const name = typed.trim();
  const take = (user: string | undefined) => {
    choose(user);
    close();
  };
  const like = users.filter(user =>
    user.toLowerCase().includes(name.toLowerCase())
  );
  return (
    <form
      className="jp-Jobsub-users"
      onSubmit={event => {
        event.preventDefault();
        name && take(users.includes(name) ? name : (like[0] ?? name));
      }}
    >
      <input
        autoFocus
        type="text"
        className="jp-mod-styled"
        value={typed}
        spellCheck={false}
        placeholder={trans.__('Name of a user')}
        aria-label={trans.__('Name of a user')}
        onChange={event => setTyped(event.target.value)}
      />
      {chosen !== undefined && (
        <button type="button" onClick={() => take(undefined)}>
          {trans.__('All users')}
        </button>
      )}
      {like.slice(0, MOST).map(user => (
        <button
          key={user}
          type="button"
          aria-pressed={user === chosen}
          onClick={() => take(user)}
        >
          {user}
        </button>
      ))}
      {name !== '' && !users.includes(name) && (
        <button type="button" onClick={() => take(name)}>
          {trans.__('Jobs of “%1”', name)}
        </button>
      )}
    </form>
  );
}
