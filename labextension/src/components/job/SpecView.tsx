import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JobSpec } from '../../api/types';
import type { Told } from '../../model/told';
import { useTold } from '../hooks';
import { Unread } from './Unread';

/** What was submitted, to be read and copied. */
export function SpecView(props: {
  told: Told<JobSpec>;
  active: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { trans } = props;
  const told = useTold(props.told, props.active);
  if (!told.value) {
    return <Unread told={told} trans={trans} />;
  }
  const text = JSON.stringify(told.value, null, 2);
  return (
    <div className="jp-Jobsub-spec">
      <div className="jp-Jobsub-bar">
        <button
          className="jp-Button jp-mod-styled"
          onClick={() => Clipboard.copyToSystem(text)}
        >
          {trans.__('Copy')}
        </button>
      </div>
      <pre
        className="jp-Jobsub-code"
        aria-label={trans.__('Specification')}
        tabIndex={0}
      >
        {text}
      </pre>
    </div>
  );
}
