import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { JobDetail } from '../../api/types';
import type { OneJob } from '../../model/job';
import { CommandIDs, type IJobsub } from '../../tokens';
import { amounts, bytes, devices, span, time, title, why } from '../../words';
import { Timing } from '../jobs/JobRow';
import { Phase } from '../Phase';
import { OutputNotebook } from './OutputNotebook';
import { Tasks } from './Tasks';
import { TimelineView } from './TimelineView';

interface IProps {
  jobsub: IJobsub;
  commands: CommandRegistry;
  one: OneJob;
  job: JobDetail;
  active: boolean;
}

/** Everything that there is to know of a job, and what happened to it. */
export function Information(props: IProps): JSX.Element {
  const { one, job, active } = props;
  const { trans } = props.jobsub;
  return (
    <div className="jp-Jobsub-information">
      <dl className="jp-Jobsub-fields">
        {fields(props).map(([name, value]) => (
          <React.Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </React.Fragment>
        ))}
      </dl>
      <section>
        <h2>{what(job, trans)}</h2>
        {job.command ? (
          <pre className="jp-Jobsub-code" tabIndex={0}>
            {job.command}
          </pre>
        ) : (
          <p>{trans.__('Only %1 and admins may see it.', job.user)}</p>
        )}
      </section>
      <Tasks job={job} trans={trans} />
      <section>
        <h2>{trans.__('Timeline')}</h2>
        <TimelineView told={one.timeline} active={active} trans={trans} />
      </section>
    </div>
  );
}

type Field = [name: string, value: React.ReactNode];

/** What is not said has no field, but for what may still come. */
function fields(props: IProps): Field[] {
  const { job } = props;
  const { trans } = props.jobsub;
  return [
    [
      trans.__('Status'),
      <Phase key="phase" phase={job.phase} trans={trans} withWord />
    ],
    [trans.__('Message'), why(job, trans) || '-'],
    [trans.__('Job ID'), job.id],
    [trans.__('Job name'), title(job)],
    [trans.__('User'), job.user],
    [trans.__('Group'), job.group ?? '-'],
    ...times(job, trans),
    ...place(job, trans),
    ...rules(job, trans),
    ...found(props)
  ];
}

function times(job: JobDetail, trans: TranslationBundle): Field[] {
  const at = (text: string | null) => (text ? time(text) : '-');
  return [
    [trans.__('Submitted'), at(job.queued_at)],
    [trans.__('Start time'), at(job.started_at)],
    [trans.__('Finished time'), at(job.finished_at)],
    [
      trans.__('Duration'),
      job.started_at ? <Timing key="time" job={job} /> : '-'
    ]
  ];
}

function place(job: JobDetail, trans: TranslationBundle): Field[] {
  const size = amounts(job.request, trans);
  const one = job.tasks.length < 2;
  const shared = job.instance_type && one ? ` (${size})` : '';
  const type = job.instance_type ?? (one ? size : '-');
  const all: Field[] = [
    [trans.__('Instance type'), `${type}${shared}`],
    [trans.__('Devices'), devices(job.request)],
    [trans.__('Image'), job.image ?? '-']
  ];
  one || all.splice(1, 0, [trans.__('In all'), size]);
  job.working_dir && all.push([trans.__('Working directory'), job.working_dir]);
  return all;
}

function rules(job: JobDetail, trans: TranslationBundle): Field[] {
  return [
    [trans.__('Priority'), job.priority],
    [
      trans.__('Preemptible'),
      job.preemptible ? trans.__('Yes') : trans.__('No')
    ],
    [trans.__('Deadline'), span(job.deadline_seconds)],
    ...(job.retries ? [retries(job, trans)] : []),
    [trans.__('Attempt'), job.attempt || '-']
  ];
}

function retries(
  { failures, retries }: JobDetail,
  trans: TranslationBundle
): Field {
  const done = Math.min(failures, retries);
  const said = trans.__('%1 of %2', String(done), String(retries));
  return [trans.__('Retries'), said];
}

/** What only some jobs have. */
function found({ jobsub, one, job, commands }: IProps): Field[] {
  const { trans, files } = jobsub;
  const rerunOf = job.rerun_of;
  const has: [boolean, string, React.ReactNode][] = [
    [job.exit_code !== null, trans.__('Exit code'), job.exit_code],
    [
      Object.keys(job.parameters).length > 0,
      trans.__('Parameters'),
      <Values key="values" values={job.parameters} />
    ],
    [
      rerunOf !== null,
      trans.__('Rerun of'),
      <button
        key="link"
        className="jp-Jobsub-link"
        onClick={() =>
          void commands.execute(CommandIDs.openJob, { id: rerunOf })
        }
      >
        {rerunOf}
      </button>
    ],
    [
      job.sweep !== null,
      trans.__('Sweep'),
      <button
        key="sweep"
        className="jp-Jobsub-link"
        title={trans.__('Show the jobs of this sweep')}
        onClick={() =>
          void commands.execute(CommandIDs.openJobs, { sweep: job.sweep })
        }
      >
        {job.sweep}
      </button>
    ],
    [
      job.output !== null,
      trans.__('Output notebook'),
      <OutputNotebook
        key="output"
        job={{ ...job, output: job.output ?? '' }}
        {...{ one, files, commands, trans }}
      />
    ],
    [
      job.kept_bytes !== null,
      trans.__('Kept'),
      job.log_expired
        ? trans.__('Nothing any more: its time to live is over.')
        : bytes(job.kept_bytes ?? 0)
    ]
  ];
  return has
    .filter(([there]) => there)
    .map(([, name, value]) => [name, value] as Field);
}

function Values(props: { values: JobDetail['parameters'] }): JSX.Element {
  return (
    <ul className="jp-Jobsub-values">
      {Object.entries(props.values).map(([name, value]) => (
        <li key={name}>
          <code>
            {name} = {JSON.stringify(value)}
          </code>
        </li>
      ))}
    </ul>
  );
}

function what({ kind, tasks }: JobDetail, trans: TranslationBundle): string {
  switch (kind) {
    case 'notebook':
      return trans.__('Notebook');
    case 'script':
      return trans.__('Script');
    default:
      return tasks.length > 1 ? trans.__('Commands') : trans.__('Command');
  }
}
