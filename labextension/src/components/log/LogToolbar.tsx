import {
  downloadIcon,
  searchIcon,
  ToolbarButtonComponent
} from '@jupyterlab/ui-components';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type { Api } from '../../api/http';
import type { JobDetail } from '../../api/types';
import { toEndIcon, toStartIcon, wrapIcon } from '../../icons';
import type { ILogTask, LogModel } from '../../model/log';
import { TaskChoice } from './TaskChoice';

interface IProps {
  model: LogModel;
  job: JobDetail;
  task: ILogTask;
  api: Api;
  trans: TranslationBundle;
  wrap: boolean;
  searching: boolean;
  choose(task: ILogTask): void;
  find(): void;
  toggleWrap(): void;
}

/** Whose log it is, how it stands with it, and what can be done with it. */
export function LogToolbar(props: IProps): JSX.Element {
  const { model, job, task, api, trans, wrap } = props;
  return (
    <div
      className="jp-Jobsub-log-toolbar"
      role="toolbar"
      aria-label={trans.__('Log')}
    >
      <TaskChoice {...{ job, task, trans }} choose={props.choose} />
      <span className="jp-Jobsub-log-state" role="status">
        {state(model, trans)}
      </span>
      <span className="jp-Jobsub-spacer" />
      <ToolbarButtonComponent
        icon={searchIcon}
        tooltip={trans.__('Find in the log')}
        pressed={props.searching}
        onClick={props.find}
      />
      <ToolbarButtonComponent
        icon={wrapIcon}
        tooltip={trans.__('Wrap long lines')}
        pressed={wrap}
        onClick={props.toggleWrap}
      />
      <ToolbarButtonComponent
        icon={toStartIcon}
        tooltip={trans.__('To the beginning')}
        onClick={() => void model.toStart()}
      />
      <ToolbarButtonComponent
        icon={toEndIcon}
        tooltip={trans.__('To the end')}
        onClick={() => void model.toEnd()}
      />
      <a
        className="jp-Jobsub-log-download"
        href={api.downloadUrl(job.id, ['log'], { ...task, download: true })}
        download
        aria-label={trans.__('Download all')}
        title={trans.__('Download all')}
      >
        <downloadIcon.react tag="span" aria-hidden />
      </a>
    </div>
  );
}

/** Whether more is to come. */
function state(model: LogModel, trans: TranslationBundle): string {
  if (model.loading || model.error) {
    return '';
  }
  switch (model.behind) {
    case 'live':
      return trans.__('Live');
    case 'nothing':
      return trans.__('Complete');
    case 'more':
      return trans.__('Newer lines follow');
  }
}
