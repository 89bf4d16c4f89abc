import { GroupItem, TextItem } from '@jupyterlab/statusbar';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { jobsIcon } from '../../icons';
import type { Mine } from '../../model/mine';
import { useSignal } from '../hooks';

/** How many of one's jobs run and wait, in the status bar; a click shows them. */
export function Standing(props: {
  mine: Mine;
  trans: TranslationBundle;
  show(): void;
}): JSX.Element {
  const { mine, trans, show } = props;
  useSignal(mine.changed);
  const text = [
    mine.running && trans.__('%1 running', mine.running),
    mine.waiting && trans.__('%1 waiting', mine.waiting)
  ]
    .filter(Boolean)
    .join(' · ');
  return (
    <GroupItem
      spacing={4}
      role="button"
      tabIndex={0}
      aria-label={trans.__('Your jobs: %1', text)}
      title={trans.__('Show your jobs')}
      onClick={show}
      onKeyDown={event => {
        if (event.key === 'Enter' || event.key === ' ') {
          event.preventDefault();
          show();
        }
      }}
    >
      <jobsIcon.react tag="span" stylesheet="statusBar" top="2px" aria-hidden />
      <TextItem source={text} />
    </GroupItem>
  );
}
