import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Quota } from '../../api/types';
import {
  amount,
  amounts,
  asked,
  beyond,
  room,
  typeOf,
  type IBound
} from '../../model/fit';
import { bytes } from '../../words';
import { useEditing, usePlace } from './editing';

/** What the job asks for, and what of it its person, group and machine have, use and wait for. */
export function Resources(): JSX.Element {
  const { form, usage, catalog, trans } = useEditing();
  const { group, types, all } = usePlace();
  const wants = asked(form.draft, types);
  const never = beyond(wants, all, trans);
  const free = room(wants, all);
  const known = !form.draft.instance_type || typeOf(form.draft, types);
  const used = usage?.groups.find(({ name }) => name === group);
  const own = used?.users.find(({ name }) => name === catalog.user);
  return (
    <aside className="jp-Jobsub-resources" aria-label={trans.__('Resources')}>
      <h2>{trans.__('This job asks for')}</h2>
      <p>{amounts(wants, trans).join(' · ') || trans.__('nothing bounded')}</p>
      {known && (
        <Outlook
          never={never}
          free={free}
          ahead={usage ? (used?.waiting ?? 0) : null}
        />
      )}
      {all.map(bound => (
        <Bound key={bound.whose} bound={bound} />
      ))}
      {used && (
        <>
          <h2>{trans.__('Queue of %1', used.name)}</h2>
          <p>
            {trans.__('%1 running · %2 waiting', used.running, used.waiting)}
            <br />
            {trans.__(
              'yours: %1 running · %2 waiting',
              own?.running ?? 0,
              own?.waiting ?? 0
            )}
          </p>
        </>
      )}
      {catalog.notes.map(note => (
        <p key={note} className="jp-Jobsub-hint">
          {note}
        </p>
      ))}
    </aside>
  );
}

/** Whether it can start, as far as the browser knows; in what order is the service's to say. */
function Outlook(props: {
  /** Why it never can. */
  never: string[];
  /** How many like it could start; null if nothing bounds them. */
  free: number | null;
  /** How many of its group wait; null if that is not known. */
  ahead: number | null;
}): JSX.Element {
  const { trans } = useEditing();
  const { never, free, ahead } = props;
  let kind = 'waits';
  let said = trans.__('It waits until enough is free.');
  if (never.length) {
    kind = 'never';
    said = trans.__('It can never start: it %1.', never.join(', '));
  } else if (ahead === null) {
    said = trans.__('What is free now is not known yet.');
  } else if (free !== 0 && ahead) {
    said = trans._n(
      'Enough is free for it now, but a job of the group waits already.',
      'Enough is free for it now, but %1 jobs of the group wait already.',
      ahead
    );
  } else if (free !== 0) {
    kind = 'fits';
    said = trans.__('Enough is free for it now.');
  }
  return (
    <p role="status" className="jp-Jobsub-outlook" data-outlook={kind}>
      {said}
    </p>
  );
}

/** What is used of a quota. */
function Bound({ bound }: { bound: IBound }): JSX.Element {
  const { trans } = useEditing();
  const rows = rowsOf(bound);
  return (
    <section>
      <h2>{bound.title}</h2>
      {rows.length ? (
        rows.map(([name, held, limit]) => (
          <Used key={name} whose={bound.whose} {...{ name, held, limit }} />
        ))
      ) : (
        <p className="jp-Jobsub-hint">
          {trans.__('No limits, nothing in use.')}
        </p>
      )}
    </section>
  );
}

function Used(props: {
  whose: string;
  name: string;
  held: number;
  limit: number | null;
}): JSX.Element {
  const { trans } = useEditing();
  const { whose, name, held, limit } = props;
  return (
    <div className="jp-Jobsub-used">
      <span>
        {limit === null
          ? trans.__('%1 in use, no limit', amount(name, held, trans))
          : trans.__(
              '%1 of %2 in use',
              part(name, held),
              amount(name, limit, trans)
            )}
      </span>
      {limit !== null && (
        <meter
          aria-label={trans.__('%1: %2', whose, word(name, trans))}
          value={limit ? held : 0}
          max={limit || 1}
        />
      )}
    </div>
  );
}

/** Write what is used of an amount that says what it is of. */
function part(name: string, held: number): string {
  if (name === 'memory') {
    return bytes(held);
  }
  return String(name === 'cpu' ? held / 1000 : held);
}

/** What a resource is called; a kind of GPU is called what it is. */
function word(name: string, trans: TranslationBundle): string {
  const words: Record<string, string> = {
    cpu: trans.__('CPU'),
    memory: trans.__('Memory'),
    gpu: trans.__('GPU')
  };
  return words[name] ?? name;
}

/** Each resource that is bounded or in use. */
function rowsOf({
  quota,
  held
}: IBound): [name: string, held: number, limit: number | null][] {
  const gpus = Object.values(held.gpu).reduce((sum, n) => sum + n, 0);
  const kinds = Object.keys({ ...quota.gpu, ...held.gpu });
  const all: [string, number, number | null][] = [
    ['cpu', held.cpu, quota.cpu],
    ['memory', held.memory, quota.memory],
    ...(kinds.length === 1 && sameLimit(quota, kinds[0])
      ? []
      : [['gpu', gpus, quota.gpus] as [string, number, number | null]]),
    ...kinds.map(
      kind =>
        [kind, held.gpu[kind] ?? 0, quota.gpu[kind] ?? null] as [
          string,
          number,
          number | null
        ]
    )
  ];
  return all.filter(([, n, limit]) => n || limit !== null);
}

/** Whether a kind of GPU is all that the bound of GPUs is about. */
function sameLimit(quota: Quota, kind: string): boolean {
  return quota.gpus === null || quota.gpus === quota.gpu[kind];
}
