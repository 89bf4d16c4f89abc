import { ToolbarButtonComponent } from '@jupyterlab/ui-components';
import { addIcon, refreshIcon } from '@jupyterlab/ui-components';
import { tableRowsIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { Chosen } from '../../model/chosen';
import type { Filter } from '../../model/list';
import { CommandIDs, type IJobsub } from '../../tokens';
import { useSignal } from '../hooks';
import { ActionBar } from './ActionBar';
import { Cut } from './Cut';
import { Empty, Failure } from './Empty';
import { Filters, whose } from './Filters';
import { JobRow } from './JobRow';
import { Trouble } from './Trouble';
import { VirtualJobs } from './VirtualJobs';

interface IProps {
  jobsub: IJobsub;
  commands: CommandRegistry;
  chosen: Chosen;
}

/** Jobs beside everything else: one's own or all that one may see, searched and filtered. */
export function JobsPanel({ jobsub, commands, chosen }: IProps): JSX.Element {
  const { trans, selection } = jobsub;
  const { list } = chosen;
  useSignal(list.changed);
  const change = (filter: Filter) => {
    list.filter = { ...list.filter, ...filter };
  };
  return (
    <div className="jp-Jobsub-panel">
      <Trouble page={jobsub.jobs.page} trans={trans} />
      <Tabs {...{ jobsub, commands, chosen, change }} />
      <div className="jp-Jobsub-filters">
        <Filters jobsub={jobsub} filter={list.filter} change={change} />
      </div>
      <ActionBar chosen={chosen} commands={commands} trans={trans} />
      {list.total ? <Failure list={list} trans={trans} /> : null}
      {list.total || list.loading ? (
        <>
          <VirtualJobs
            chosen={chosen}
            label={trans.__('Jobs')}
            draw={job => <JobRow job={job} trans={trans} />}
            used={() => selection.follow(chosen)}
            open={id => void commands.execute(CommandIDs.openJob, { id })}
            remove={() => void commands.execute(CommandIDs.remove)}
          />
          <Cut list={list} trans={trans} />
        </>
      ) : (
        <Empty list={list} trans={trans} commands={commands} />
      )}
    </div>
  );
}

interface ITabs extends IProps {
  change(filter: Filter): void;
}

/** Whose jobs; and the ways to a new one, and to the table. */
function Tabs({ jobsub, commands, chosen, change }: ITabs): JSX.Element {
  const { trans } = jobsub;
  const { list } = chosen;
  const run = (id: string, args = {}) => void commands.execute(id, args);
  return (
    <div
      className="jp-Jobsub-tabs"
      role="group"
      aria-label={trans.__('Whose jobs')}
    >
      {[true, false].map(mine => (
        <button
          key={String(mine)}
          className="jp-Jobsub-tab"
          aria-pressed={!!list.filter.mine === mine}
          onClick={() => change(whose(mine))}
        >
          {mine ? trans.__('My jobs') : trans.__('All jobs')}
        </button>
      ))}
      <span className="jp-Jobsub-spacer" />
      {commands.hasCommand(CommandIDs.create) && (
        <ToolbarButtonComponent
          icon={addIcon}
          tooltip={trans.__('Create a job')}
          onClick={() => run(CommandIDs.create)}
        />
      )}
      {commands.hasCommand(CommandIDs.openJobs) && (
        <ToolbarButtonComponent
          icon={tableRowsIcon}
          tooltip={trans.__('Open as a table')}
          onClick={() => run(CommandIDs.openJobs, { ...list.filter })}
        />
      )}
      <ToolbarButtonComponent
        icon={refreshIcon}
        tooltip={trans.__('Refresh')}
        onClick={() => list.refresh()}
      />
    </div>
  );
}
