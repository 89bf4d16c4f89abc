import { UUID, type ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Signal, type ISignal } from '@lumino/signaling';
import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';

import { ApiError, unloaded } from '../api/http';
import type { Catalog, Job } from '../api/types';
import type { Schemas } from './check';
import type { Jobs } from './jobs';
import { SpecForm, tidy, type Draft } from './spec';
import { offers, type INotebook } from './tagged';
import type { SpecTexts } from './texts';

/** Where a new job comes from. */
export interface IBeginning {
  /** What is known of it. */
  spec?: Draft;
  /** The job that it is like. */
  from?: string;
}

/** What a creation needs of the page. */
export interface ISurroundings {
  jobs: Jobs;
  state: IStateDB | null;
  trans: TranslationBundle;
  /** Fill in what the surface knows of a job that is begun from nothing. */
  begin(): Promise<Draft>;
  /** Read a notebook by its path on the service's machine; null if it can't be read. */
  notebook(path: string): Promise<object | null>;
}

/** The fields that the next job takes from the last. */
const KEPT = [
  'group',
  'instance_type',
  'image',
  'priority',
  'preemptible',
  'deadline_seconds',
  'ttl_seconds',
  'retries'
];
const LAST = 'jupyter-jobsub:last';
const NONE: INotebook = { parameters: [], kernel: null };

/** A job that is being made: from what is known of it to its submission. */
export class Creation {
  constructor(
    readonly beginning: IBeginning,
    private _around: ISurroundings
  ) {
    this.form = new SpecForm(beginning.spec ?? {}, _around.trans);
    this.form.changed.connect(() => this._told());
  }

  readonly form: SpecForm;

  /** Anything of it is another than before. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Whether it can be edited. */
  get ready(): boolean {
    return this._ready;
  }

  get busy(): boolean {
    return this._busy;
  }

  /** Why the last thing that was asked for could not be done. */
  get error(): ApiError | null {
    return this._missing ?? this._error;
  }

  /** What its notebook offers. */
  get notebook(): INotebook {
    return this._notebook;
  }

  /** The specification as text; null before it was asked for. */
  get texts(): SpecTexts | null {
    return this._texts;
  }

  /** Read all that it begins with, once. */
  async load(): Promise<void> {
    if (this._ready) {
      return;
    }
    const { jobs } = this._around;
    this._error = null;
    try {
      const [{ components }, catalog] = await Promise.all([
        jobs.api.document(),
        jobs.api.catalog()
      ]);
      const schemas = components.schemas as Schemas;
      this.form.draft = await this._first(schemas, catalog);
      this._ready = true;
      this.form.schemas = schemas;
    } catch (error) {
      this._fail(error);
    }
  }

  /** Have the specification as text, too; null if what reads and writes it can't be loaded, which is said then. */
  async withTexts(): Promise<SpecTexts | null> {
    const { trans } = this._around;
    this._missing = null;
    try {
      const [{ SpecTexts }, { notations }] = await Promise.all([
        import('./texts'),
        import('./text')
      ]);
      this._texts ??= new SpecTexts(this.form, notations, trans);
    } catch {
      this._missing = unloaded(trans);
    }
    this._changed.emit();
    return this._texts;
  }

  /**
   * Submit it; null if it can't be, and then what is wrong is said.
   *
   * The same specification, sent again after a lost answer, makes no second job.
   */
  async submit(): Promise<Job | null> {
    const { form } = this;
    form.tried = true;
    if (this._busy || this._texts?.broken || form.hindrances.length) {
      return null;
    }
    const { request } = form;
    const body = JSON.stringify(request);
    if (this._sent.body !== body) {
      this._sent = { body, key: UUID.uuid4() };
    }
    this._busy = true;
    this._error = null;
    this._missing = null;
    this._changed.emit();
    try {
      const job = await this._around.jobs.submit(request, this._sent.key);
      await this._remember(request);
      return job;
    } catch (error) {
      this._fail(error);
      return null;
    } finally {
      this._busy = false;
      this._changed.emit();
    }
  }

  /** What it can be begun with again: values of variables are kept nowhere. */
  get again(): IBeginning & ReadonlyPartialJSONObject {
    const { env, ...draft } = this.form.draft;
    const names = Object.keys(env ?? {}).map(name => [name, null]);
    const spec = names.length
      ? { ...draft, env: Object.fromEntries(names) }
      : draft;
    return { ...this.beginning, ...(this._ready ? { spec } : {}) };
  }

  private async _first(schemas: Schemas, catalog: Catalog): Promise<Draft> {
    const { spec, from } = this.beginning;
    if (from && !spec) {
      return tidy(await this._around.jobs.api.spec(from), schemas);
    }
    if (from) {
      return spec as Draft;
    }
    const known = spec ?? (await this._around.begin());
    return { ...(await this._last(catalog)), ...known };
  }

  /** What was chosen for the last job, as far as there still is such a thing. */
  private async _last(catalog: Catalog): Promise<Draft> {
    const found = (await this._around.state?.fetch(LAST)) as Draft | undefined;
    const last = { ...found };
    const group = catalog.groups.find(
      ({ name }) => name === (last.group ?? catalog.defaults.group)
    );
    if (last.group && !group) {
      delete last.group;
    }
    if (!group?.instance_types.includes(last.instance_type)) {
      delete last.instance_type;
    }
    if (!group?.images.includes(last.image)) {
      delete last.image;
    }
    return last;
  }

  private async _remember(request: Draft): Promise<void> {
    const kept = KEPT.filter(name => name in request);
    const last = Object.fromEntries(kept.map(name => [name, request[name]]));
    await this._around.state?.save(LAST, last);
  }

  private _fail(error: unknown): void {
    this._error =
      error instanceof ApiError
        ? error
        : new ApiError(0, { detail: String((error as Error).message) });
    this.form.refused = this._error.fields;
    this._changed.emit();
  }

  private _told(): void {
    const path: unknown = this.form.draft.notebook;
    if (path !== this._path) {
      this._path = path;
      void this._look(path);
    }
    this._changed.emit();
  }

  private async _look(path: unknown): Promise<void> {
    const readable = typeof path === 'string' && path.endsWith('.ipynb');
    const found = readable ? await this._around.notebook(path) : null;
    if (path === this._path) {
      this._notebook = found ? offers(found) : NONE;
      this._changed.emit();
    }
  }

  private _changed = new Signal<this, void>(this);
  private _ready = false;
  private _busy = false;
  private _error: ApiError | null = null;
  private _missing: ApiError | null = null; // what reads and writes texts
  private _texts: SpecTexts | null = null;
  private _notebook = NONE;
  private _path: unknown;
  private _sent = { body: '', key: '' };
}
