import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Timeline } from '../../api/types';
import type { Told } from '../../model/told';
import { time, unmasked } from '../../words';
import { useTold } from '../hooks';
import { Phase } from '../Phase';
import { Unread } from '../Unread';

/** What happened to a job, the newest first. */
export function TimelineView(props: {
  told: Told<Timeline>;
  active: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { trans } = props;
  const told = useTold(props.told, props.active);
  if (!told.value) {
    return <Unread told={told} trans={trans} />;
  }
  return (
    <ol className="jp-Jobsub-timeline" reversed>
      {[...told.value.items].reverse().map(entry => (
        <li key={entry.id}>
          <time dateTime={entry.at}>{time(entry.at)}</time>
          <Phase phase={entry.phase} trans={trans} withWord />
          <span>{unmasked(entry.message)}</span>
          {entry.attempt > 1 && (
            <span className="jp-Jobsub-aside">
              {trans.__('Attempt %1', String(entry.attempt))}
            </span>
          )}
        </li>
      ))}
    </ol>
  );
}
