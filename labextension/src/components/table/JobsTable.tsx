import { ToolbarButtonComponent } from '@jupyterlab/ui-components';
import { addIcon, refreshIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { Chosen } from '../../model/chosen';
import type { Columns } from '../../model/columns';
import type { Filter } from '../../model/list';
import { CommandIDs, type IJobsub } from '../../tokens';
import { useSignal } from '../hooks';
import { ActionBar } from '../jobs/ActionBar';
import { Choice } from '../jobs/Choice';
import { Cut } from '../jobs/Cut';
import { Empty, Failure } from '../jobs/Empty';
import { Filters } from '../jobs/Filters';
import { Trouble } from '../jobs/Trouble';
import type { IColumn } from './columns';
import { Grid } from './Grid';

interface IProps {
  jobsub: IJobsub;
  commands: CommandRegistry;
  chosen: Chosen;
  columns: Columns;
  all: readonly IColumn[];
}

/** All that one may see of jobs, by row and column. */
export function JobsTable(props: IProps): JSX.Element {
  const { jobsub, commands, chosen, columns, all } = props;
  const { trans, selection } = jobsub;
  const { list } = chosen;
  useSignal(list.changed);
  useSignal(columns.changed);
  const shown = React.useMemo(
    () => all.filter(({ id }) => columns.shown.includes(id)),
    [all, columns.shown]
  );
  const open = React.useCallback(
    (id: string) => void commands.execute(CommandIDs.openJob, { id }),
    [commands]
  );
  const change = (filter: Filter) => {
    list.filter = { ...list.filter, ...filter };
  };
  return (
    <div className="jp-Jobsub-panel">
      <Trouble page={jobsub.jobs.page} trans={trans} />
      <div className="jp-Jobsub-filters jp-Jobsub-table-filters">
        <Filters jobsub={jobsub} filter={list.filter} change={change} />
        <span className="jp-Jobsub-spacer" />
        <Choice
          label={trans.__('Columns')}
          none=""
          options={all.map(({ id, label }) => ({ value: id, label }))}
          chosen={columns.shown}
          choose={ids => {
            columns.shown = ids.length ? ids : columns.shown;
          }}
          reset={{ label: trans.__('As before'), run: () => columns.reset() }}
        />
        {commands.hasCommand(CommandIDs.create) && (
          <ToolbarButtonComponent
            icon={addIcon}
            tooltip={trans.__('Create a job')}
            onClick={() => void commands.execute(CommandIDs.create)}
          />
        )}
        <ToolbarButtonComponent
          icon={refreshIcon}
          tooltip={trans.__('Refresh')}
          onClick={() => list.refresh()}
        />
      </div>
      <ActionBar chosen={chosen} commands={commands} trans={trans} />
      {list.total ? <Failure list={list} trans={trans} /> : null}
      {list.total || list.loading ? (
        <>
          <Grid
            chosen={chosen}
            columns={columns}
            shown={shown}
            trans={trans}
            used={() => selection.follow(chosen)}
            open={open}
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
