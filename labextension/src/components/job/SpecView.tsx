import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JobSpec } from '../../api/types';
import type { Format } from '../../model/text';
import type { Told } from '../../model/told';
import { useTold } from '../hooks';
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
  const text = useText(told.value, format);
  if (!told.value || text === null) {
    return <Unread told={told} trans={trans} />;
  }
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

/** A specification as text; what writes it is loaded when somebody looks. */
function useText(spec: JobSpec | null, format: Format): string | null {
  const [text, set] = React.useState<string | null>(null);
  React.useEffect(() => {
    let wanted = true;
    if (spec) {
      void import('../../model/text').then(
        ({ notations }) => wanted && set(notations[format].write(spec))
      );
    }
    return () => {
      wanted = false;
    };
  }, [spec, format]);
  return text;
}
