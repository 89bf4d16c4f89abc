import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Job } from '../../api/types';
import {
  duration,
  FINAL,
  phaseWord,
  runningTime,
  time,
  title,
  why
} from '../../words';
import { Phase } from '../Phase';
import { useNow } from '../hooks';

interface IProps {
  job: Job;
  trans: TranslationBundle;
}

/** A job as a list shows it: how it stands, what it is called, whose it is, how far it is, why it waits. */
export const JobRow = React.memo(({ job, trans }: IProps) => {
  const about = news(job, trans);
  return (
    <>
      <Phase phase={job.phase} trans={trans} />
      <div className="jp-Jobsub-row-text">
        <div className="jp-Jobsub-row-head">
          <span className="jp-Jobsub-row-name" title={title(job)}>
            {title(job)}
          </span>
          <Timing job={job} />
        </div>
        <div className="jp-Jobsub-row-about">{whose(job, trans)}</div>
        <div className="jp-Jobsub-row-about" title={about}>
          {about}
        </div>
        <ProgressBar job={job} trans={trans} />
      </div>
    </>
  );
});

/** How long a job has run. */
export function Timing({ job }: { job: Job }): JSX.Element {
  const goesOn = job.started_at !== null && !FINAL.has(job.phase);
  const ran = runningTime(job, useNow(goesOn));
  return (
    <span className="jp-Jobsub-row-time">
      {ran === null ? '' : duration(ran)}
    </span>
  );
}

/** How far a running job says it is. */
export function ProgressBar({ job, trans }: IProps): JSX.Element | null {
  if (!job.progress || FINAL.has(job.phase)) {
    return null;
  }
  const { fraction } = job.progress;
  return (
    <div
      className="jp-Jobsub-progress"
      role="progressbar"
      aria-label={trans.__('Progress of %1', title(job))}
      aria-valuenow={Math.round(fraction * 100)}
      aria-valuemin={0}
      aria-valuemax={100}
    >
      <div style={{ width: `${fraction * 100}%` }} />
    </div>
  );
}

function whose(job: Job, trans: TranslationBundle): string {
  return [phaseWord(job.phase, trans), job.group, job.user]
    .filter(Boolean)
    .join(' · ');
}

/** Why a job waits or has failed, how far it is, else since when it is as it is. */
function news(job: Job, trans: TranslationBundle): string {
  const since = job.finished_at ?? job.started_at ?? job.queued_at;
  return (
    why(job, trans) || progressText(job, trans) || (since ? time(since) : '')
  );
}

export function progressText(job: Job, trans: TranslationBundle): string {
  if (!job.progress) {
    return '';
  }
  const { fraction, text, eta_seconds: left } = job.progress;
  return [
    `${Math.floor(fraction * 100)}%`,
    text,
    left === null ? '' : trans.__('%1 left', duration(left))
  ]
    .filter(Boolean)
    .join(' · ');
}
