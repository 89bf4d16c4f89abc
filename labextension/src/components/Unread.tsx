import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Told } from '../model/told';

/** Answers that are the same when one asks again: not allowed, not there, no longer kept. */
const FOR_GOOD: ReadonlySet<number> = new Set([403, 404, 410]);

/** In place of what has not been read: that it is being read, or why it can't be. */
export function Unread(props: {
  told: Pick<Told<unknown>, 'error' | 'refresh'>;
  trans: TranslationBundle;
}): JSX.Element {
  const { told, trans } = props;
  if (!told.error) {
    return (
      <div
        className="jp-Jobsub-unread"
        role="status"
        aria-label={trans.__('Loading')}
      >
        {[90, 60, 75].map(width => (
          <div
            key={width}
            className="jp-Jobsub-skeleton"
            style={{ width: `${width}%` }}
          />
        ))}
      </div>
    );
  }
  return (
    <div className="jp-Jobsub-empty" role="alert">
      <p>{told.error.message}</p>
      <p>{told.error.remedy}</p>
      {!FOR_GOOD.has(told.error.status) && (
        <button
          className="jp-Button jp-mod-styled"
          onClick={() => told.refresh()}
        >
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}
