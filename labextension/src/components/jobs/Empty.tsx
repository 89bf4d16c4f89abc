import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { JobList } from '../../model/list';
import { CommandIDs } from '../../tokens';

interface IProps {
  list: JobList;
  searching: boolean;
  trans: TranslationBundle;
  commands: CommandRegistry;
}

/** What to do where there is nothing to show, or nothing that can be shown. */
export function Empty(props: IProps): JSX.Element {
  const { list, searching, trans, commands } = props;
  if (list.error) {
    return (
      <div className="jp-Jobsub-empty" role="alert">
        <h2>{trans.__('The jobs can’t be shown')}</h2>
        <p>{list.error.message}</p>
        <p>{list.error.remedy}</p>
        <button
          className="jp-Button jp-mod-styled"
          onClick={() => list.refresh()}
        >
          {trans.__('Try again')}
        </button>
      </div>
    );
  }
  if (searching) {
    return (
      <div className="jp-Jobsub-empty">
        <h2>{trans.__('No job is called so')}</h2>
        <p>
          {trans.__(
            'Type a part of the name or the id: three characters or more.'
          )}
        </p>
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
