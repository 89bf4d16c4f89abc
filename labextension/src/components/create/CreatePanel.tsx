import type { IEditorServices } from '@jupyterlab/codeeditor';
import { DOMUtils } from '@jupyterlab/apputils';
import * as React from 'react';

import type { Job } from '../../api/types';
import type { Browse } from '../../browse';
import { jobsIcon } from '../../icons';
import {
  Creation,
  type IBeginning,
  type ISurroundings
} from '../../model/creation';
import type { IJobsub } from '../../tokens';
import { Looking } from '../Looking';

interface IGiven {
  jobsub: IJobsub;
  editors: IEditorServices;
  around: ISurroundings;
  browse: Browse | null;
  submitted(job: Job): void;
}

/** A job that is being made, in the main area. */
export class CreatePanel extends Looking {
  constructor(
    beginning: IBeginning,
    private _given: IGiven
  ) {
    super(_given.jobsub);
    const { trans } = _given.jobsub;
    this.id = DOMUtils.createDomID();
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

  protected async load(): Promise<() => JSX.Element> {
    const { CreateView } = await import('./CreateView');
    return () => (
      <CreateView
        creation={this.creation}
        jobsub={this.jobsub}
        editors={this._given.editors}
        browse={this._given.browse}
        active={this.active}
        submit={() => this._submit()}
      />
    );
  }

  private async _submit(): Promise<boolean> {
    const job = await this.creation.submit();
    if (job) {
      this._given.submitted(job);
      this.parent?.dispose();
    }
    return job !== null;
  }
}
