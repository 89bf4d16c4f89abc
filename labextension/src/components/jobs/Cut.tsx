import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JobList } from '../../model/list';
import { MOST } from './useRows';

/** What a list says at its end if it is not all of them. */
export function Cut(props: {
  list: JobList;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { list, trans } = props;
  const number = (n: number) => n.toLocaleString();
  return (list.total ?? 0) > MOST ? (
    <p className="jp-Jobsub-cut" role="note">
      {trans.__(
        'These are the first %1 of %2 jobs. Filter or sort them to see others.',
        number(MOST),
        number(list.total!)
      )}
    </p>
  ) : null;
}
