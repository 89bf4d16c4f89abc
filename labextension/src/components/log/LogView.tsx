import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { JobDetail } from '../../api/types';
import { LogModel, type ILogTask } from '../../model/log';
import { Search, type IFind } from '../../model/search';
import type { IJobsub } from '../../tokens';
import { useSignal } from '../hooks';
import { LogLines } from './LogLines';
import { LogToolbar } from './LogToolbar';
import { SearchBar } from './SearchBar';

/** How a person looks at a log. */
export interface ILook {
  task: ILogTask;
  /** Whether long lines are wrapped. */
  wrap: boolean;
  /** What is looked for; null if nothing is. */
  sought: string | null;
}

export const FIRST_LOOK: ILook = { task: {}, wrap: false, sought: null };

interface IProps {
  jobsub: IJobsub;
  job: JobDetail;
  look: ILook;
  change(look: ILook): void;
  /** Whether anybody looks. */
  active: boolean;
}

/** A job's log: a task's, live, and from its first line to its last. */
export function LogView(props: IProps): JSX.Element {
  const { jobsub, job, active } = props;
  const { task } = props.look;
  const [model, setModel] = React.useState<LogModel | null>(null);
  React.useEffect(() => {
    const one = new LogModel(jobsub.jobs, job.id, task);
    setModel(one);
    return () => one.dispose();
  }, [jobsub, job.id, task]);
  React.useEffect(() => {
    if (model) {
      model.active = active;
    }
  }, [model, active]);
  return (
    <div className="jp-Jobsub-log">
      {model && <Log key={job.id} {...props} model={model} />}
    </div>
  );
}

function Log(props: IProps & { model: LogModel }): JSX.Element {
  const { model, job, jobsub, look, change } = props;
  const { task, wrap, sought } = look;
  const { trans } = jobsub;
  useSignal(model.changed);
  const search = React.useMemo(() => new Search(sought ?? ''), [sought]);
  const [current, setCurrent] = React.useState<IFind | null>(null);
  const seen = React.useRef(0);
  const asked = React.useRef(false); // whether the search has just been asked for
  const root = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => setCurrent(null), [model]);

  const seek = (text: string) => {
    const wanted = new Search(text);
    const line = current?.line ?? seen.current;
    change({ ...look, sought: text });
    setCurrent(wanted.next(model.lines, { line, nth: -1 }, 1));
  };
  const go = (step: 1 | -1) =>
    setCurrent(
      search.next(model.lines, current ?? { line: seen.current, nth: -1 }, step)
    );
  const close = () => {
    change({ ...look, sought: null });
    setCurrent(null);
    root.current?.querySelector<HTMLElement>('[role=log]')?.focus();
  };
  const find = () => {
    asked.current = true;
    change({ ...look, sought: sought ?? '' });
    root.current?.querySelector<HTMLElement>('[type=search]')?.focus();
  };
  const onKeyDown = (event: React.KeyboardEvent) => {
    const inLines = (event.target as HTMLElement).role === 'log';
    if ((event.ctrlKey || event.metaKey) && event.key === 'f') {
      find();
    } else if (event.key === 'Home' && inLines) {
      void model.toStart();
    } else if (event.key === 'End' && inLines) {
      void model.toEnd();
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  };

  const there = !model.lines.empty;
  const note = noteOf(job, task);
  return (
    <div ref={root} className="jp-Jobsub-log-view" onKeyDown={onKeyDown}>
      <LogToolbar
        {...{ model, job, task, trans, wrap, find }}
        searching={sought !== null}
        api={jobsub.jobs.api}
        choose={one => change({ ...look, task: one })}
        toggleWrap={() => change({ ...look, wrap: !wrap })}
      />
      {sought !== null && (
        <SearchBar
          text={sought}
          focus={asked.current}
          count={search.count(model.lines, current)}
          whole={model.whole && model.behind !== 'more'}
          {...{ trans, seek, go, close }}
        />
      )}
      {there && model.error && <Failure model={model} trans={trans} />}
      {there && note && (
        <p className="jp-Jobsub-log-note" role="status">
          {note}
        </p>
      )}
      {there ? (
        <LogLines
          {...{ model, wrap, search, current, trans }}
          sees={line => {
            seen.current = line;
          }}
        />
      ) : (
        <Nothing model={model} trans={trans} />
      )}
    </div>
  );
}

/** What of the task was lost whose log is shown, such as lines of it. */
function noteOf(job: JobDetail, { role, task, attempt }: ILogTask): string {
  const shown = job.tasks.find(
    one =>
      (!role || (one.role === role && one.index === task)) &&
      (!attempt || one.attempt === attempt)
  );
  return shown?.note ?? '';
}

interface IAbout {
  model: LogModel;
  trans: TranslationBundle;
}

/** Why there are no lines. */
function Nothing({ model, trans }: IAbout): JSX.Element {
  if (model.error) {
    return <Failure model={model} trans={trans} />;
  }
  if (model.loading) {
    return (
      <div
        className="jp-Jobsub-log-wait"
        aria-busy
        aria-label={trans.__('Log')}
      >
        <div className="jp-Jobsub-skeleton" />
        <div className="jp-Jobsub-skeleton" />
        <div className="jp-Jobsub-skeleton" />
      </div>
    );
  }
  return (
    <div className="jp-Jobsub-empty" role="status">
      {model.behind === 'nothing' ? (
        <h2>{trans.__('Nothing was written')}</h2>
      ) : (
        <>
          <h2>{trans.__('Nothing is written yet')}</h2>
          <p>{trans.__('What the job writes appears here as it comes.')}</p>
        </>
      )}
    </div>
  );
}

/** Why the log can't be read, and what can be done about it. */
function Failure({ model, trans }: IAbout): JSX.Element {
  const error = model.error!;
  const titles: { [status: number]: string } = {
    403: trans.__('You may not read this log'),
    404: trans.__('There is no such log'),
    410: trans.__('The log is no longer kept')
  };
  return (
    <div className="jp-Jobsub-empty" role="alert">
      <h2>{titles[error.status] ?? trans.__('The log can’t be read')}</h2>
      <p>{error.message}</p>
      <p>{error.remedy}</p>
      {!titles[error.status] && (
        <button
          className="jp-Button jp-mod-styled"
          onClick={() => model.retry()}
        >
          {trans.__('Try again')}
        </button>
      )}
    </div>
  );
}
