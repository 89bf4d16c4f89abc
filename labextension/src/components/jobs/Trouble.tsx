import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Page } from '../../api/page';
import { advice } from '../../words';
import { useSignal } from '../hooks';

/** Says that what is shown is old, for as long as the service doesn't answer. */
export function Trouble(props: {
  page: Page;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { page, trans } = props;
  useSignal(page.connectionChanged);
  if (page.connection.online) {
    return null;
  }
  return (
    <div className="jp-Jobsub-trouble" role="status">
      <strong>{trans.__('What is shown may be old.')}</strong>{' '}
      {advice(page.connection)}
    </div>
  );
}
