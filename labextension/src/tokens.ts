import type { TranslationBundle } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';

import type { Action, Catalog, Usage } from './api/types';
import type { Files } from './model/files';
import type { Jobs } from './model/jobs';
import type { Selection } from './selection';
import type { Told } from './model/told';

/** What all views of jobs share. */
export interface IJobsub {
  jobs: Jobs;
  catalog: Told<Catalog>;
  usage: Told<Usage>;
  files: Files;
  /** What the view that was used last has selected. */
  selection: Selection;
  /** Where views are that need room, if it is there: in Notebook 7 a page has one document, and they are below it. */
  areas: readonly string[];
  trans: TranslationBundle;
}

export const IJobsub = new Token<IJobsub>(
  'jupyter-jobsub:IJobsub',
  'The jobs of the person at this page: what the service tells of them, and what can be done to them.'
);

/** The commands, all of which are in the palette or a menu. */
export namespace CommandIDs {
  export const openJobs = 'jobsub:open-jobs';
  export const openJob = 'jobsub:open-job';
  export const openSweep = 'jobsub:open-sweep';
  export const create = 'jobsub:create';
  export const submit = 'jobsub:submit';
  export const show = 'jobsub:show';
  export const cancel = 'jobsub:cancel';
  export const pause = 'jobsub:pause';
  export const resume = 'jobsub:resume';
  export const rerun = 'jobsub:rerun';
  export const clone = 'jobsub:clone';
  export const remove = 'jobsub:delete';
}

/** The commands that do something to jobs that there are, in the order in which they are offered. */
export const DEEDS: ReadonlyMap<string, Action> = new Map([
  [CommandIDs.cancel, 'cancel'],
  [CommandIDs.pause, 'pause'],
  [CommandIDs.resume, 'resume'],
  [CommandIDs.rerun, 'rerun'],
  [CommandIDs.clone, 'clone'],
  [CommandIDs.remove, 'delete']
]);
