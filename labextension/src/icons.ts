import { LabIcon } from '@jupyterlab/ui-components';

import cancelled from '../style/icons/cancelled.svg';
import failed from '../style/icons/failed.svg';
import jobs from '../style/icons/jobs.svg';
import paused from '../style/icons/paused.svg';
import pause from '../style/icons/pause.svg';
import pending from '../style/icons/pending.svg';
import preparing from '../style/icons/preparing.svg';
import rerun from '../style/icons/rerun.svg';
import running from '../style/icons/running.svg';
import succeeded from '../style/icons/succeeded.svg';
import toEnd from '../style/icons/to-end.svg';
import toStart from '../style/icons/to-start.svg';
import unknown from '../style/icons/unknown.svg';
import wrap from '../style/icons/wrap.svg';
import type { Phase } from './api/types';

const icon = (name: string, svgstr: string) =>
  new LabIcon({ name: `jupyter-jobsub:${name}`, svgstr });

export const jobsIcon = icon('jobs', jobs);
export const rerunIcon = icon('rerun', rerun);
export const pauseIcon = icon('pause', pause);
export const toEndIcon = icon('to-end', toEnd);
export const toStartIcon = icon('to-start', toStart);
export const wrapIcon = icon('wrap', wrap);

export const phaseIcons: Record<Phase, LabIcon> = {
  Pending: icon('pending', pending),
  Preparing: icon('preparing', preparing),
  Running: icon('running', running),
  Paused: icon('paused', paused),
  Unknown: icon('unknown', unknown),
  Succeeded: icon('succeeded', succeeded),
  Failed: icon('failed', failed),
  Cancelled: icon('cancelled', cancelled)
};
