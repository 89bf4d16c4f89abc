import { Clipboard } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { Files } from '../../model/files';

/** Where a job's output notebook is; it opens where JupyterLab can show it, else its path can be taken along. */
export function OutputNotebook(props: {
  path: string;
  files: Files;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): JSX.Element {
  const { path, files, commands, trans } = props;
  const [shown, setShown] = React.useState<string | null>();
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
  if (shown === undefined) {
    return <span>{path}</span>;
  }
  if (shown === null) {
    return (
      <>
        <span>{path}</span>{' '}
        <button
          className="jp-Jobsub-link"
          title={trans.__('It is outside of the folder that JupyterLab shows.')}
          onClick={() => Clipboard.copyToSystem(path)}
        >
          {trans.__('Copy Path')}
        </button>
      </>
    );
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
