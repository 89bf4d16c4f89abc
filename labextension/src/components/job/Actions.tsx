import { ToolbarButtonComponent } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { Job } from '../../api/types';
import { DEEDS } from '../../tokens';

/** What can be done to a job now, each a button. */
export function Actions(props: {
  job: Job;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { job, commands, trans } = props;
  const args = { jobs: [job], toolbar: true } as any;
  return (
    <div
      className="jp-Jobsub-actions"
      role="toolbar"
      aria-label={trans.__('What can be done to this job')}
    >
      {[...DEEDS.keys()]
        .filter(id => commands.hasCommand(id) && commands.isEnabled(id, args))
        .map(id => (
          <ToolbarButtonComponent
            key={id}
            icon={commands.icon(id, args) as any}
            label={commands.label(id, args)}
            onClick={() => void commands.execute(id, args)}
          />
        ))}
    </div>
  );
}
