import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { JobDetail } from '../../api/types';
import type { OneJob } from '../../model/job';
import type { IJobsub } from '../../tokens';
import { title, why } from '../../words';
import { useSignal } from '../hooks';
import { ProgressBar, progressText, Timing } from '../jobs/JobRow';
import { Trouble } from '../jobs/Trouble';
import { FIRST_LOOK, LogView, type ILook } from '../log/LogView';
import { Phase } from '../Phase';
import { Actions } from './Actions';
import { Artifacts } from './Artifacts';
import { Information } from './Information';
import { Metrics } from './Metrics';
import { SpecView } from './SpecView';
import { Tabs, type ITab } from './Tabs';
import { Unread } from '../Unread';

export interface IProps {
  jobsub: IJobsub;
  commands: CommandRegistry;
  one: OneJob;
  /** Whether anybody looks. */
  active: boolean;
  tab: string;
  choose(tab: string): void;
}

interface ITabs extends IProps {
  /** How its log is looked at, which stays when another tab is shown. */
  look: ILook;
  change(look: ILook): void;
}

/** A job: how it stands, what can be done to it, and all that is kept of it. */
export function JobPage(props: IProps): JSX.Element {
  const { jobsub, one } = props;
  const { trans } = jobsub;
  useSignal(one.changed);
  const [look, change] = React.useState(FIRST_LOOK);
  if (one.gone) {
    return (
      <div className="jp-Jobsub-empty" role="status">
        <h2>{trans.__('This job is gone')}</h2>
        <p>{trans.__('It was deleted, with all that was kept of it.')}</p>
      </div>
    );
  }
  return (
    <div className="jp-Jobsub-page">
      <Trouble page={jobsub.jobs.page} trans={trans} />
      {one.job ? (
        <>
          <Header {...props} job={one.job} />
          <Tabs
            label={trans.__('About %1', title(one.job))}
            tabs={tabs({ ...props, look, change }, one.job)}
            chosen={props.tab}
            choose={props.choose}
          />
        </>
      ) : (
        <Unread told={one} trans={trans} />
      )}
    </div>
  );
}

function tabs(props: ITabs, job: JobDetail): ITab[] {
  const { jobsub, commands, one, active, look, change } = props;
  const { trans } = jobsub;
  const all: ITab[] = [
    {
      id: 'information',
      label: trans.__('Information'),
      draw: () => <Information {...{ jobsub, commands, one, job, active }} />
    },
    {
      id: 'logs',
      label: trans.__('Logs'),
      draw: () => <LogView {...{ jobsub, job, active, look, change }} />
    },
    {
      id: 'metrics',
      label: trans.__('Metrics'),
      draw: () => <Metrics jobs={jobsub.jobs} {...{ job, active, trans }} />
    },
    {
      id: 'artifacts',
      label: trans.__('Artifacts'),
      draw: () => <Artifacts {...{ jobsub, commands, one, job, active }} />
    },
    {
      id: 'spec',
      label: trans.__('Spec'),
      draw: () => <SpecView told={one.spec} active={active} trans={trans} />
    }
  ];
  return all;
}

function Header(props: IProps & { job: JobDetail }): JSX.Element {
  const { job, commands } = props;
  const { trans } = props.jobsub;
  const says = why(job, trans) || progressText(job, trans);
  return (
    <div className="jp-Jobsub-header">
      <div className="jp-Jobsub-header-head">
        <h1 title={title(job)}>{title(job)}</h1>
        <Phase phase={job.phase} trans={trans} withWord />
        <Timing job={job} />
        <span className="jp-Jobsub-spacer" />
        <Actions job={job} commands={commands} trans={trans} />
      </div>
      <p className="jp-Jobsub-header-says" role="status">
        {says}
      </p>
      <ProgressBar job={job} trans={trans} />
    </div>
  );
}
