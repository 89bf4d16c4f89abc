import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JobSpec } from '../../api/types';
import type { Format } from '../../model/text';
import type { Told } from '../../model/told';
import { useImported, useTold } from '../hooks';
import { Unread } from '../Unread';

const FORMATS: [Format, string][] = [
  ['yaml', 'YAML'],
  ['json', 'JSON']
];

/** What was submitted, to be read and copied. */
export function SpecView(props: {
  told: Told<JobSpec>;
  active: boolean;
  trans: TranslationBundle;
}): JSX.Element {
  const { trans } = props;
  const told = useTold(props.told, props.active);
  const [format, choose] = React.useState<Format>('yaml');
  const written = useImported(loadText, trans);
  if (!told.value || !written.value) {
    return <Unread told={told.value ? written : told} trans={trans} />;
  }
  const text = written.value.notations[format].write(told.value);
  return (
    <div className="jp-Jobsub-spec">
      <div className="jp-Jobsub-bar">
        <div
          className="jp-Jobsub-choices"
          role="group"
          aria-label={trans.__('Written as')}
        >
          {FORMATS.map(([one, name]) => (
            <button
              key={one}
              className="jp-Jobsub-tab"
              aria-pressed={one === format}
              onClick={() => choose(one)}
            >
              {name}
            </button>
          ))}
        </div>
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

const loadText = () => import('../../model/text');
