import { Clipboard } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { JobDetail } from '../../api/types';
import type { Files } from '../../model/files';
import type { OneJob } from '../../model/job';

interface IProps {
  one: OneJob;
  job: JobDetail & { output: string };
  files: Files;
  commands: CommandRegistry;
  trans: TranslationBundle;
}

/** Where a job's output notebook is; it opens where JupyterLab can show it, else it can be taken along. */
export function OutputNotebook(props: IProps): JSX.Element {
  const { job, files, commands, trans } = props;
  const path = job.output;
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
    return <Outside {...props} />;
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

/** One that JupyterLab does not show: it is downloaded if the service can read it, as on no cluster's volume. */
function Outside({ one, job, trans }: IProps): JSX.Element {
  const { api } = one.jobs;
  const path = job.output;
  const [there, setThere] = React.useState(false);
  React.useEffect(() => {
    let wanted = true;
    void api.hasOutput(job.id).then(found => wanted && setThere(found));
    return () => {
      wanted = false;
    };
  }, [api, job.id, job.attempt, job.phase]); // it may come with any step
  return (
    <>
      <span>{path}</span>{' '}
      {there && (
        <>
          <a
            className="jp-Jobsub-link"
            href={api.downloadUrl(job.id, ['output'])}
            download={PathExt.basename(path)}
            aria-label={trans.__('Download %1', path)}
          >
            {trans.__('Download')}
          </a>{' '}
        </>
      )}
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
