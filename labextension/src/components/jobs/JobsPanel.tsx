import { FilterBox, ToolbarButtonComponent } from '@jupyterlab/ui-components';
import { addIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { Job } from '../../api/types';
import { JobList, type Filter } from '../../model/list';
import { CommandIDs, type IJobsub } from '../../tokens';
import { useSignal } from '../hooks';
import { Empty } from './Empty';
import { JobRow } from './JobRow';
import { VirtualJobs } from './VirtualJobs';
import { Trouble } from './Trouble';

export interface IProps {
  jobsub: IJobsub;
  commands: CommandRegistry;
  list: JobList;
}

const ROW = 58;
const SHORTEST_TEXT = 3; // what the service searches for

/** Jobs beside everything else: one's own or all that one may see, searched and filtered. */
export function JobsPanel({ jobsub, commands, list }: IProps): JSX.Element {
  const { trans, selection } = jobsub;
  useSignal(list.changed);
  const [text, setText] = React.useState('');
  const change = (filter: Filter) => {
    list.filter = { ...list.filter, ...filter };
  };
  const deed = (id: string) =>
    commands.isEnabled(id) && void commands.execute(id);
  const open = (job: Job) =>
    void commands.execute(CommandIDs.openJob, { id: job.id });
  return (
    <div className="jp-Jobsub-panel">
      <Trouble page={jobsub.jobs.page} trans={trans} />
      <div
        className="jp-Jobsub-tabs"
        role="group"
        aria-label={trans.__('Whose')}
      >
        {[true, false].map(mine => (
          <button
            key={String(mine)}
            className="jp-Jobsub-tab"
            aria-pressed={!!list.filter.mine === mine}
            onClick={() => change({ mine })}
          >
            {mine ? trans.__('My jobs') : trans.__('All jobs')}
          </button>
        ))}
        <span className="jp-Jobsub-spacer" />
        <ToolbarButtonComponent
          icon={addIcon}
          tooltip={trans.__('Create a job')}
          onClick={() => void commands.execute(CommandIDs.create)}
        />
        <ToolbarButtonComponent
          icon={refreshIcon}
          tooltip={trans.__('Refresh')}
          onClick={() => list.refresh()}
        />
      </div>
      <div className="jp-Jobsub-search">
        <FilterBox
          placeholder={trans.__('Search name or id')}
          updateFilter={(_, query) => {
            const typed = query ?? '';
            setText(typed);
            change({
              text: typed.length >= SHORTEST_TEXT ? typed : undefined
            });
          }}
          useFuzzyFilter={false}
          forceRefresh={false}
        />
      </div>
      {list.total === 0 || list.error ? (
        <Empty
          list={list}
          searching={text !== ''}
          trans={trans}
          commands={commands}
        />
      ) : (
        <VirtualJobs
          list={list}
          label={trans.__('Jobs')}
          rowHeight={ROW}
          draw={job => <JobRow job={job} trans={trans} />}
          open={open}
          select={jobs => {
            selection.jobs = jobs;
          }}
          keys={event => event.key === 'Delete' && deed(CommandIDs.remove)}
        />
      )}
    </div>
  );
}
