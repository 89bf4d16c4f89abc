import type { IEditorServices } from '@jupyterlab/codeeditor';
import * as React from 'react';

import type { FieldError } from '../../api/types';
import type { Browse } from '../../browse';
import type { Creation } from '../../model/creation';
import type { Format } from '../../model/text';
import type { IJobsub } from '../../tokens';
import { useSignal, useTold } from '../hooks';
import { Trouble } from '../jobs/Trouble';
import { Editing } from './editing';
import { Wrong } from './Field';
import { Files } from './Files';
import { FormView } from './FormView';
import { TextView } from './TextView';

interface IProps {
  creation: Creation;
  jobsub: IJobsub;
  editors: IEditorServices;
  /** Whether anybody looks. */
  active: boolean;
  browse: Browse | null;
  /** Go on with what was submitted. */
  submit(): Promise<boolean>;
}

type View = 'form' | Format;

/** A job that is being made, as a form or as text. */
export function CreateView(props: IProps): JSX.Element {
  const { creation, jobsub, active, browse } = props;
  const { trans } = jobsub;
  useSignal(creation.changed, true);
  const catalog = useTold(jobsub.catalog, active).value;
  const usage = useTold(jobsub.usage, active).value;
  const { page } = jobsub.jobs;
  useSignal(page.connectionChanged);
  const { online } = page.connection;
  React.useEffect(() => void creation.load(), [creation, online]);
  if (!creation.ready || !catalog) {
    return (
      <Loading
        error={creation.ready ? jobsub.catalog.error : creation.error}
        retry={() => {
          jobsub.catalog.refresh();
          void creation.load();
        }}
        trans={trans}
      />
    );
  }
  const { form, notebook } = creation;
  return (
    <Editing.Provider value={{ form, notebook, catalog, usage, trans, browse }}>
      <Views {...props} />
    </Editing.Provider>
  );
}

function Views({ creation, jobsub, editors, submit }: IProps): JSX.Element {
  const { trans } = jobsub;
  const { form, texts } = creation;
  const [view, setView] = React.useState<View>('form');
  const [tries, setTries] = React.useState(0);
  const root = React.useRef<HTMLFormElement>(null);
  const show = async (next: View) => {
    if (next === 'form' || (await creation.withTexts())) {
      setView(next);
    }
  };
  React.useEffect(() => {
    const panel = root.current?.closest('.jp-Jobsub');
    if (panel?.contains(document.activeElement)) {
      root.current
        ?.querySelector<HTMLElement>('textarea, [type=text]')
        ?.focus();
    }
  }, []);
  React.useEffect(() => {
    if (tries && view === 'form') {
      focusFirst(root.current);
    }
    // what is wrong is looked for after a try alone
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [tries]);
  const broken = texts?.broken?.format;
  return (
    <form
      ref={root}
      className="jp-Jobsub-create"
      noValidate
      onSubmit={event => {
        event.preventDefault();
        void submit().then(done => done || setTries(n => n + 1));
      }}
    >
      <Trouble page={jobsub.jobs.page} trans={trans} />
      <div className="jp-Jobsub-createHead">
        <div role="group" aria-label={trans.__('View')}>
          {(['form', 'json', 'yaml'] as View[]).map(one => (
            <button
              key={one}
              type="button"
              className="jp-Jobsub-tab"
              aria-pressed={one === view}
              disabled={broken !== undefined && one !== broken}
              title={
                broken && one !== broken
                  ? trans.__('Put the text right first.')
                  : undefined
              }
              onClick={() => void show(one)}
            >
              {one === 'form' ? trans.__('Form') : one.toUpperCase()}
            </button>
          ))}
        </div>
        <span className="jp-Jobsub-spacer" />
        <Files creation={creation} trans={trans} opened={show} />
      </div>
      <div className="jp-Jobsub-createBody">
        <Summary
          creation={creation}
          wrong={view === 'form' ? elsewhere(form.wrong) : []}
        />
        {view === 'form' ? (
          <FormView />
        ) : (
          texts && (
            <TextView
              key={view}
              texts={texts}
              format={view}
              tries={tries}
              editors={editors}
              trans={trans}
            />
          )
        )}
      </div>
      <div className="jp-Jobsub-createFoot">
        <button
          type="submit"
          className="jp-mod-styled jp-mod-accept"
          disabled={creation.busy}
        >
          {creation.busy ? trans.__('Submitting…') : trans.__('Submit')}
        </button>
      </div>
    </form>
  );
}

/** What the service said as a whole, and what has no field here. */
function Summary(props: {
  creation: Creation;
  wrong: readonly FieldError[];
}): JSX.Element | null {
  const { error } = props.creation;
  const whole = error && !error.fields.length;
  if (!whole && !props.wrong.length) {
    return null;
  }
  return (
    <div className="jp-Jobsub-summary" role="alert" tabIndex={-1}>
      {whole && (
        <p>
          <strong>{error.message}</strong> {error.remedy}
        </p>
      )}
      <Wrong wrong={props.wrong} named />
    </div>
  );
}

/** The fields that the form shows. */
const SHOWN = new Set([
  'args',
  'command',
  'content',
  'deadline_seconds',
  'env',
  'environment',
  'gpus',
  'group',
  'image',
  'instance_type',
  'name',
  'notebook',
  'parameters',
  'preemptible',
  'priority',
  'retries',
  'script',
  'task_roles',
  'ttl_seconds',
  'working_dir'
]);

function elsewhere(wrong: readonly FieldError[]): FieldError[] {
  return wrong.filter(({ field }) => !SHOWN.has(field.split('.')[0]));
}

function focusFirst(root: HTMLElement | null): void {
  root
    ?.querySelector<HTMLElement>('[aria-invalid="true"], .jp-Jobsub-summary')
    ?.focus();
}

function Loading(props: {
  error: { message: string; remedy: string } | null;
  retry(): void;
  trans: IJobsub['trans'];
}): JSX.Element {
  const { error, retry, trans } = props;
  return error ? (
    <div className="jp-Jobsub-empty" role="alert">
      <h2>{trans.__('The form can’t be shown')}</h2>
      <p>{error.message}</p>
      <p>{error.remedy}</p>
      <button className="jp-mod-styled" onClick={retry}>
        {trans.__('Try again')}
      </button>
    </div>
  ) : (
    <div
      className="jp-Jobsub-createLoading"
      role="status"
      aria-label={trans.__('The form is being read')}
    >
      {[1, 2, 3, 4].map(n => (
        <div key={n} className="jp-Jobsub-skeleton" />
      ))}
    </div>
  );
}
