import * as React from 'react';

import type { Phase as PhaseName } from '../../api/types';
import type { Filter } from '../../model/list';
import type { IJobsub } from '../../tokens';
import { PHASES } from '../../words';
import { Phase } from '../Phase';
import { useSignal } from '../hooks';
import { Choice } from './Choice';
import { Search, SHORTEST } from './Search';

interface IProps {
  jobsub: IJobsub;
  filter: Filter;
  change(filter: Filter): void;
}

/** Which jobs to show: by name, group, phase, and whose. */
export function Filters({ jobsub, filter, change }: IProps): JSX.Element {
  const { trans } = jobsub;
  const groups = useGroups(jobsub, filter.group ?? []);
  return (
    <>
      <Search
        text={filter.text ?? ''}
        trans={trans}
        search={typed => {
          const text = typed.trim();
          change({ text: text.length >= SHORTEST ? text : undefined });
        }}
      />
      <Choice
        label={trans.__('Group')}
        none={trans.__('There are no groups.')}
        counts
        options={groups.names.map(value => ({ value, label: value }))}
        chosen={filter.group ?? []}
        choose={group => change({ group })}
        onOpen={groups.watch}
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
      <label className="jp-Jobsub-mine">
        <input
          type="checkbox"
          checked={!!filter.mine}
          onChange={event => change({ mine: event.target.checked })}
        />
        {trans.__('Submitted by me')}
      </label>
    </>
  );
}

/** Whether a filter leaves out more than other people's jobs. */
export function narrows({ text, group, phase }: Filter): boolean {
  return !!text || !!group?.length || !!phase?.length;
}

/** The groups of which there are jobs, or may be; read while somebody looks. */
function useGroups({ catalog, usage }: IJobsub, chosen: readonly string[]) {
  const [open, setOpen] = React.useState(false);
  useSignal(usage.changed);
  useSignal(catalog.changed);
  React.useEffect(() => {
    if (open) {
      const ends = [usage.watch(), catalog.watch()];
      return () => ends.forEach(end => end());
    }
  }, [open, usage, catalog]);
  const names = new Set(chosen);
  usage.value?.groups.forEach(({ name }) => names.add(name));
  catalog.value?.groups.forEach(({ name }) => names.add(name));
  return { names: [...names].sort(), watch: setOpen };
}

function phasesOf({ phase = [] }: Filter): PhaseName[] {
  return PHASES.filter(one => (phase as readonly string[]).includes(one));
}
