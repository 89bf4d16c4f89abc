import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { Files } from '../../model/files';

/** Where a job's output notebook is; it opens where JupyterLab can show it. */
export function OutputNotebook(props: {
  path: string;
  files: Files;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { path, files, commands, trans } = props;
  const [shown, setShown] = React.useState<string | null>(null);
  React.useEffect(() => {
    let wanted = true;
    files.shown(path).then(
      found => wanted && setShown(found),
      () => undefined // it is named, at least
    );
    return () => {
      wanted = false;
    };
  }, [files, path]);
  if (shown === null) {
    return <span>{path}</span>;
  }
  return (
    <button
      className="jp-Jobsub-link"
      title={trans.__('Open in JupyterLab')}
      onClick={() => void commands.execute('docmanager:open', { path: shown })}
    >
      {path}
    </button>
  );
}
