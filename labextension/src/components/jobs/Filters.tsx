import { closeIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { Phase as PhaseName } from '../../api/types';
import type { Filter } from '../../model/list';
import type { IJobsub } from '../../tokens';
import { PHASES } from '../../words';
import { Phase } from '../Phase';
import { useSignal } from '../hooks';
import { Choice } from './Choice';
import { Search } from './Search';
import { UserChoice } from './UserChoice';

interface IProps {
  jobsub: IJobsub;
  filter: Filter;
  change(filter: Filter): void;
}

/** Which jobs to show: by name, group, phase, sweep, and whose. */
export function Filters({ jobsub, filter, change }: IProps): JSX.Element {
  const { trans } = jobsub;
  const known = useKnown(jobsub, filter.group ?? []);
  return (
    <>
      <Search
        text={filter.text ?? ''}
        trans={trans}
        search={typed => change({ text: typed.trim() || undefined })}
      />
      <Choice
        label={trans.__('Group')}
        none={trans.__('There are no groups.')}
        counts
        options={known.groups.map(value => ({ value, label: value }))}
        chosen={filter.group ?? []}
        choose={group => change({ group })}
        onOpen={known.watch}
      />
      <Choice
        label={trans.__('Phase')}
        none=""
        counts
        options={PHASES.map(value => ({
          value,
          label: <Phase phase={value} trans={trans} withWord />
        }))}
        chosen={phasesOf(filter)}
        choose={phase => change({ phase })}
      />
      {!filter.mine && (
        <UserChoice
          users={known.users}
          chosen={filter.user}
          trans={trans}
          choose={user => change({ user })}
          onOpen={known.watch}
        />
      )}
      {filter.sweep && (
        <button
          className="jp-Jobsub-chip"
          title={trans.__('Show jobs of other sweeps, too')}
          onClick={() => change({ sweep: undefined })}
        >
          {trans.__('Sweep: %1', filter.sweep)}
          <closeIcon.react tag="span" aria-hidden />
        </button>
      )}
      <label className="jp-Jobsub-mine">
        <input
          type="checkbox"
          checked={!!filter.mine}
          onChange={event => change(whose(event.target.checked))}
        />
        {trans.__('Submitted by me')}
      </label>
    </>
  );
}

/** One's own jobs, which are no other user's, or those of all. */
export function whose(mine: boolean): Filter {
  return mine ? { mine, user: undefined } : { mine };
}

/** Whether a filter leaves out more than other people's jobs. */
export function narrows(filter: Filter): boolean {
  const { text, group, phase, user, sweep } = filter;
  return !!(text || group?.length || phase?.length || user || sweep);
}

/** The groups and users of which there are jobs, or may be; read while somebody looks. */
function useKnown({ catalog, usage }: IJobsub, chosen: readonly string[]) {
  const [open, setOpen] = React.useState(false);
  useSignal(usage.changed);
  useSignal(catalog.changed);
  React.useEffect(() => {
    if (open) {
      const ends = [usage.watch(), catalog.watch()];
      return () => ends.forEach(end => end());
    }
  }, [open, usage, catalog]);
  const groups = new Set(chosen);
  const users = new Set(catalog.value ? [catalog.value.user] : []);
  catalog.value?.groups.forEach(({ name }) => groups.add(name));
  for (const group of usage.value?.groups ?? []) {
    groups.add(group.name);
    group.users.forEach(({ name }) => users.add(name));
  }
  return {
    groups: [...groups].sort(),
    users: [...users].sort(),
    watch: setOpen
  };
}

function phasesOf({ phase = [] }: Filter): PhaseName[] {
  return PHASES.filter(one => (phase as readonly string[]).includes(one));
}
