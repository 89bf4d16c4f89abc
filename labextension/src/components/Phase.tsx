import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Phase as PhaseName } from '../api/types';
import { phaseIcons } from '../icons';
import { phaseWord } from '../words';

/** A phase's icon, with its word for who reads no icons. */
export function Phase(props: {
  phase: PhaseName;
  trans: TranslationBundle;
  withWord?: boolean;
}): JSX.Element {
  const { phase, trans, withWord } = props;
  const Icon = phaseIcons[phase];
  const word = phaseWord(phase, trans);
  return (
    <span
      className="jp-Jobsub-phase"
      data-phase={phase}
      {...(withWord ? {} : { role: 'img', 'aria-label': word, title: word })}
    >
      <Icon.react tag="span" aria-hidden />
      {withWord && <span>{word}</span>}
    </span>
  );
}
