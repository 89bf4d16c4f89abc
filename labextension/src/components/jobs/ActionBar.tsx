import { ToolbarButtonComponent } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { Job } from '../../api/types';
import { able } from '../../commands';
import { MOST, type Chosen } from '../../model/chosen';
import { DEEDS } from '../../tokens';
import { useSignal } from '../hooks';

interface IProps {
  chosen: Chosen;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** What can be done to the selected jobs, and to how many of them. */
export function ActionBar({ chosen, commands, trans }: IProps): JSX.Element {
  useSignal(chosen.changed);
  const { jobs, tooMany, list } = chosen;
  return (
    <div
      className="jp-Jobsub-actions"
      role="toolbar"
      aria-label={trans.__('Selected jobs')}
    >
      {[...DEEDS.keys()]
        .filter(id => commands.hasCommand(id))
        .map(id => {
          const some = able(id, jobs);
          return (
            <ToolbarButtonComponent
              key={id}
              icon={commands.icon(id, { toolbar: true }) as any}
              enabled={some.length > 0}
              tooltip={tooltip(commands.label(id), some, jobs, trans)}
              onClick={() => void commands.execute(id, { jobs: some as any })}
            />
          );
        })}
      <span className="jp-Jobsub-count" role="status">
        {jobs.length > 0
          ? trans._n('%1 selected', '%1 selected', jobs.length)
          : list.total !== null && trans._n('%1 job', '%1 jobs', list.total)}
        {tooMany !== null &&
          ` · ${trans.__('%1 at most of these %2', MOST, tooMany)}`}
      </span>
    </div>
  );
}

function tooltip(
  label: string,
  able: readonly Job[],
  jobs: readonly Job[],
  trans: TranslationBundle
): string {
  if (!jobs.length) {
    return trans.__('%1: select jobs first', label);
  }
  if (!able.length) {
    return trans._n(
      '%2: this job can’t be',
      '%2: none of these %1 jobs can be',
      jobs.length,
      label
    );
  }
  return able.length === jobs.length
    ? trans._n('%2 %1 job', '%2 %1 jobs', jobs.length, label)
    : trans.__('%1 %2 of %3 jobs', label, able.length, jobs.length);
}
