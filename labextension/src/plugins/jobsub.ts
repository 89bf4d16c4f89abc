import {
  ILabShell,
  type JupyterFrontEnd,
  type JupyterFrontEndPlugin
} from '@jupyterlab/application';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import { Api } from '../api/http';
import { Page } from '../api/page';
import { addCommands } from '../commands';
import { Files } from '../model/files';
import { Jobs } from '../model/jobs';
import { Told } from '../model/told';
import { Selection } from '../selection';
import { IJobsub } from '../tokens';

/** The one model of the page, and the commands on it. */
export const jobsub: JupyterFrontEndPlugin<IJobsub> = {
  id: 'jupyter-jobsub:jobs',
  description:
    'What all views of jobs share: the jobs, and what can be done to them.',
  autoStart: true,
  provides: IJobsub,
  optional: [ITranslator, ILabShell],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    labShell: ILabShell | null
  ): IJobsub => {
    const trans = (translator ?? nullTranslator).load('jupyter_jobsub');
    const away = trans.__('The Jupyter server does not answer.');
    const api = new Api(app.serviceManager.serverSettings, {
      detail: away,
      remedy: trans.__('Look at the network, and try again.')
    });
    const page = new Page(api, {
      away,
      retry: trans.__('It is tried again by itself.')
    });
    const jobs = new Jobs(api, page);
    const shared: IJobsub = {
      jobs,
      catalog: new Told(
        jobs,
        () => api.catalog(),
        () => false
      ),
      usage: new Told(jobs, () => api.usage()),
      files: new Files(api, app.serviceManager.contents),
      selection: new Selection(),
      areas: labShell ? ['main'] : ['down', 'right'],
      trans
    };
    addCommands(app.commands, shared);
    void listen(app, shared);
    return shared;
  }
};

/** Hear of jobs from the beginning where the service runs; elsewhere it is not started before it is needed. */
async function listen(
  app: JupyterFrontEnd,
  { files, jobs }: IJobsub
): Promise<void> {
  jobs.changed.connect(() => jobs.page.start());
  await app.restored;
  const { service } = await files.server.catch(() => ({ service: false }));
  if (service) {
    jobs.page.start();
  }
}
