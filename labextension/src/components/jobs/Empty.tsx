import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { JobList } from '../../model/list';
import { CommandIDs } from '../../tokens';
import { advice } from '../../words';
import { narrows } from './Filters';

interface IProps {
  list: JobList;
  trans: TranslationBundle;
  commands: CommandRegistry;
}

/** What to do where there is nothing to show, or nothing that can be shown. */
export function Empty({ list, trans, commands }: IProps): JSX.Element {
  if (list.error) {
    return (
      <div className="jp-Jobsub-empty">
        <h2>{trans.__('The jobs can’t be shown')}</h2>
        <Failure list={list} trans={trans} />
      </div>
    );
  }
  if (narrows(list.filter)) {
    return (
      <div className="jp-Jobsub-empty">
        <h2>{trans.__('No job is like that')}</h2>
        <p>
          {list.filter.mine
            ? trans.__('None of your own jobs passes all the filters.')
            : trans.__('None that you may see passes all the filters.')}
        </p>
        <Clear
          trans={trans}
          clear={() => {
            const { mine, sort, order } = list.filter;
            list.filter = { mine, sort, order };
          }}
        />
      </div>
    );
  }
  return (
    <div className="jp-Jobsub-empty">
      <h2>{trans.__('No jobs yet')}</h2>
      <p>
        {trans.__(
          'Open a notebook and press “Submit as job” in its toolbar, or create one here.'
        )}
      </p>
      <button
        className="jp-Button jp-mod-styled jp-mod-accept"
        onClick={() => void commands.execute(CommandIDs.create)}
      >
        {trans.__('Create a job')}
      </button>
    </div>
  );
}

function Clear(props: {
  trans: TranslationBundle;
  clear(): void;
}): JSX.Element {
  return (
    <button className="jp-Button jp-mod-styled" onClick={props.clear}>
      {props.trans.__('Clear the filters')}
    </button>
  );
}

/** Why the list could not be read, and the way out: to ask for less, or to try again. */
export function Failure(props: {
  list: JobList;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { list, trans } = props;
  const { error } = list;
  if (!error) {
    return null;
  }
  return (
    <div className="jp-Jobsub-failure" role="alert">
      <p>{advice(error)}</p>
      {error.fields.map(({ field, message, remedy }) => (
        <p key={field}>
          {field}: {advice({ message, remedy })}
        </p>
      ))}
      {error.fields.length ? (
        <Clear
          trans={trans}
          clear={() => {
            list.filter = { mine: list.filter.mine };
          }}
        />
      ) : (
        <button
          className="jp-Button jp-mod-styled"
          onClick={() => list.refresh()}
        >
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}
