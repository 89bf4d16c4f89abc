import { ToolbarButtonComponent, refreshIcon } from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type { Artifact, Artifacts as Kept, JobDetail } from '../../api/types';
import type { OneJob } from '../../model/job';
import type { IJobsub } from '../../tokens';
import { bytes, FINAL, time, unmasked } from '../../words';
import { useTold } from '../hooks';
import { OutputNotebook } from './OutputNotebook';
import { Preview } from './Preview';
import { Unread } from '../Unread';

interface IProps {
  jobsub: IJobsub;
  commands: CommandRegistry;
  one: OneJob;
  job: JobDetail;
  active: boolean;
}

const AT_ONCE = 500; // files that are listed before somebody asks for more

/** What a job keeps: its output notebook, and the files that it left for that. */
export function Artifacts(props: IProps): JSX.Element {
  const { jobsub, commands, one, job, active } = props;
  const { trans, files } = jobsub;
  const told = useTold(one.artifacts, active);
  const kept = told.value;
  return (
    <div className="jp-Jobsub-artifacts">
      {job.output && (
        <p>
          {trans.__('Output notebook')}{' '}
          <OutputNotebook
            job={{ ...job, output: job.output }}
            {...{ one, files, commands, trans }}
          />
        </p>
      )}
      <div className="jp-Jobsub-bar">
        <span role="status">{kept && summary(kept, job, trans)}</span>
        {!FINAL.has(job.phase) && (
          <ToolbarButtonComponent
            icon={refreshIcon}
            tooltip={trans.__('Refresh')}
            onClick={() => told.refresh()}
          />
        )}
      </div>
      {kept ? (
        <>
          <Dropped kept={kept} trans={trans} />
          {kept.items.length > 0 && (
            <Files one={one} kept={kept} trans={trans} />
          )}
        </>
      ) : (
        <Unread told={told} trans={trans} />
      )}
    </div>
  );
}

function summary(
  { items, bytes: size, complete }: Kept,
  job: JobDetail,
  trans: TranslationBundle
): string {
  if (items.length === 0) {
    return trans.__(
      'No files. A job keeps what it writes into the folder $JOBSUB_ARTIFACTS.'
    );
  }
  const many = trans._n(
    '1 file, %2',
    '%1 files, %2',
    items.length,
    bytes(size)
  );
  return complete || FINAL.has(job.phase) ? many : trans.__('%1 so far', many);
}

/** What could not be kept, and why. */
function Dropped(props: {
  kept: Kept;
  trans: TranslationBundle;
}): JSX.Element | null {
  const { kept, trans } = props;
  if (kept.dropped_count === 0) {
    return null;
  }
  return (
    <details className="jp-Jobsub-trouble">
      <summary>
        {trans._n(
          '1 file was not kept, %2: %3',
          '%1 files were not kept, %2: %3',
          kept.dropped_count,
          bytes(kept.dropped_bytes),
          kept.dropped_because.join('; ')
        )}
      </summary>
      <ul>
        {kept.dropped.map(path => (
          <li key={path}>
            <bdi>{unmasked(path)}</bdi>
          </li>
        ))}
        {kept.dropped_count > kept.dropped.length && <li>…</li>}
      </ul>
    </details>
  );
}

function Files(props: {
  one: OneJob;
  kept: Kept;
  trans: TranslationBundle;
}): JSX.Element {
  const { one, kept, trans } = props;
  const [shown, show] = React.useState<string | null>(null);
  const [many, setMany] = React.useState(AT_ONCE);
  return (
    <>
      <div className="jp-Jobsub-wide">
        <table className="jp-Jobsub-table jp-Jobsub-artifacts">
          <thead>
            <tr>
              <th scope="col">{trans.__('Name')}</th>
              <th scope="col">{trans.__('Size')}</th>
              <th scope="col">{trans.__('Modified')}</th>
              <th scope="col">{trans.__('Download')}</th>
            </tr>
          </thead>
          <tbody>
            {kept.items.slice(0, many).map(item => (
              <File
                key={item.path}
                {...{ one, item, trans }}
                attempt={kept.attempt}
                open={shown === item.path}
                toggle={() => show(shown === item.path ? null : item.path)}
              />
            ))}
          </tbody>
        </table>
      </div>
      {kept.items.length > many && (
        <button
          className="jp-Button jp-mod-styled"
          onClick={() => setMany(many + AT_ONCE)}
        >
          {trans.__('Show more')}
        </button>
      )}
    </>
  );
}

interface IFile {
  one: OneJob;
  item: Artifact;
  attempt: number;
  open: boolean;
  trans: TranslationBundle;
  toggle(): void;
}

function File(props: IFile): JSX.Element {
  const { one, item, attempt, open, trans, toggle } = props;
  const { api } = one.jobs;
  return (
    <>
      <tr>
        <th scope="row">
          <button
            className="jp-Jobsub-link"
            aria-expanded={open}
            title={trans.__('Preview')}
            onClick={toggle}
          >
            <bdi>{unmasked(item.path)}</bdi>
          </button>
        </th>
        <td>{bytes(item.size)}</td>
        <td>{time(item.modified_at)}</td>
        <td>
          <a
            className="jp-Jobsub-link"
            href={api.artifactUrl(one.id, item.path, attempt)}
            download={item.path.split('/').pop()}
            aria-label={trans.__('Download %1', unmasked(item.path))}
          >
            {trans.__('Download')}
          </a>
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={4}>
            <Preview {...{ api, item, attempt, trans }} id={one.id} />
          </td>
        </tr>
      )}
    </>
  );
}
