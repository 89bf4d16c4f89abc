import type { IEditorServices } from '@jupyterlab/codeeditor';
import { DOMUtils } from '@jupyterlab/apputils';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';

import type { Job } from '../../api/types';
import { jobsIcon } from '../../icons';
import {
  Creation,
  type IBeginning,
  type ISurroundings
} from '../../model/creation';
import type { IJobsub } from '../../tokens';
import { CreateView } from './CreateView';

interface IGiven {
  jobsub: IJobsub;
  editors: IEditorServices;
  around: ISurroundings;
  submitted(job: Job): void;
}

/** A job that is being made, in the main area. */
export class CreatePanel extends ReactWidget {
  constructor(
    beginning: IBeginning,
    private _given: IGiven
  ) {
    super();
    const { trans } = _given.jobsub;
    this.id = DOMUtils.createDomID();
    this.addClass('jp-Jobsub');
    this.title.icon = jobsIcon;
    this.title.closable = true;
    this.title.label = beginning.from
      ? trans.__('Clone a Job')
      : trans.__('Create a Job');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', this.title.label);
    this.creation = new Creation(beginning, _given.around);
  }

  readonly creation: Creation;

  protected onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this._see(this.isVisible);
  }

  protected onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._see(true);
  }

  protected onBeforeHide(message: Message): void {
    this._see(false);
    super.onBeforeHide(message);
  }

  protected render(): JSX.Element {
    const { jobsub, editors } = this._given;
    return (
      <CreateView
        creation={this.creation}
        jobsub={jobsub}
        editors={editors}
        active={this._seen}
        submit={() => this._submit()}
      />
    );
  }

  private _see(seen: boolean): void {
    this._seen = seen;
    if (seen) {
      this._given.jobsub.jobs.page.start();
    }
    this.update();
  }

  private async _submit(): Promise<boolean> {
    const job = await this.creation.submit();
    if (job) {
      this._given.submitted(job);
      this.parent?.dispose();
    }
    return job !== null;
  }

  private _seen = false;
}
