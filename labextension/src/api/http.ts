import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';

import type {
  Artifacts,
  Catalog,
  FieldError,
  Job,
  JobDetail,
  JobEdit,
  JobPage,
  JobSpec,
  ListQuery,
  LogQuery,
  MetricsQuery,
  Problem,
  Status,
  TaskMetrics,
  TaskQuery,
  Timeline,
  Usage
} from './types';

/** What anyone may ask for a job in one word. */
export type Verb = 'cancel' | 'pause' | 'resume' | 'purge';

/** An error in the service's own words. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>
  ) {
    super(problem.detail ?? problem.title ?? '');
    this.name = 'ApiError';
  }

  /** What to do about it. */
  get remedy(): string {
    return this.problem.remedy ?? '';
  }

  /** What is wrong with each field of what was sent. */
  get fields(): FieldError[] {
    return this.problem.errors ?? [];
  }

  /** Whether the service isn't there, so that the same may go through later. */
  get away(): boolean {
    return this.status === 0 || this.status >= 502;
  }
}

/** What is said where a part of the page could not be imported. */
export function unloaded(trans: TranslationBundle): ApiError {
  return new ApiError(0, {
    detail: trans.__('This could not be loaded.'),
    remedy: trans.__('Look at the network, and try again; or reload the page.')
  });
}

/** What the Jupyter server tells of itself. */
export interface IServer {
  /** The folder that JupyterLab's paths are relative to; null if files are on no disk of the server. */
  root: string | null;
  /** The prefix of its environment. */
  environment: string;
  /** Whether the service runs. */
  service: boolean;
}

/** A part of a log, from a cursor to another. */
export interface ILogPart {
  data: Uint8Array;
  start: string;
  end: string;
  /** Whether the task has ended and this is all of its log's end. */
  complete: boolean;
}

/** The service, through this Jupyter server. */
export class Api {
  /**
   * @param settings - Where the Jupyter server is.
   * @param _away - What is said, and advised, where it does not answer.
   */
  constructor(
    readonly settings = ServerConnection.makeSettings(),
    private _away: Partial<Problem> = {}
  ) {}

  list(query: ListQuery): Promise<JobPage> {
    return this._json('GET', 'jobs', { query });
  }

  job(id: string): Promise<JobDetail> {
    return this._json('GET', at(id));
  }

  spec(id: string): Promise<JobSpec> {
    return this._json('GET', at(id, 'spec'));
  }

  timeline(id: string): Promise<Timeline> {
    return this._json('GET', at(id, 'timeline'));
  }

  metrics(id: string, query: MetricsQuery): Promise<TaskMetrics> {
    return this._json('GET', at(id, 'metrics'), { query });
  }

  artifacts(id: string, query: TaskQuery = {}): Promise<Artifacts> {
    return this._json('GET', at(id, 'artifacts'), { query });
  }

  /**
   * Submit a job.
   *
   * @param key - Under which the same request, sent again, makes no second job.
   */
  submit(spec: JobSpec, key: string): Promise<Job> {
    return this._json('POST', 'jobs', { body: spec, key });
  }

  rerun(id: string, key: string): Promise<Job> {
    return this._json('POST', at(id, 'rerun'), { key });
  }

  act(id: string, verb: Verb): Promise<Job> {
    return this._json('POST', at(id, verb));
  }

  edit(id: string, change: JobEdit): Promise<Job> {
    return this._json('PATCH', at(id), { body: change });
  }

  async delete(id: string): Promise<void> {
    await this._ask('DELETE', at(id));
  }

  catalog(): Promise<Catalog> {
    return this._json('GET', 'catalog');
  }

  usage(): Promise<Usage> {
    return this._json('GET', 'usage');
  }

  status(): Promise<Status> {
    return this._json('GET', 'status');
  }

  /** Ask the Jupyter server itself: this starts no service. */
  server(): Promise<IServer> {
    return this._json('GET', 'server');
  }

  /** The service's own description of what it takes, an OpenAPI document. */
  document(): Promise<{ components: { schemas: Record<string, object> } }> {
    return this._json('GET', 'openapi.json');
  }

  /** Read a part of a task's log; one from a cursor on has the reports of its progress in it. */
  async log(id: string, query: LogQuery): Promise<ILogPart> {
    const response = await this._ask('GET', at(id, 'log'), { query });
    const told = (name: string) =>
      response.headers.get(`Jobsub-Log-${name}`) ?? '';
    return {
      data: new Uint8Array(await response.arrayBuffer()),
      start: told('Start'),
      end: told('End'),
      complete: told('Complete') === 'true'
    };
  }

  /** Read the first bytes of a file that a job keeps. */
  async artifact(
    id: string,
    path: string,
    attempt: number,
    most: number
  ): Promise<Uint8Array<ArrayBuffer>> {
    const range = `bytes=0-${most - 1}`;
    const query = { attempt };
    const where = at(id, 'artifacts', ...path.split('/'));
    const response = await this._ask('GET', where, { query, range });
    return new Uint8Array(await response.arrayBuffer());
  }

  /** Where a browser downloads a file that a job keeps. */
  artifactUrl(id: string, path: string, attempt: number): string {
    return this.downloadUrl(id, ['artifacts', ...path.split('/')], { attempt });
  }

  /** Whether the newest attempt's output notebook can be downloaded now. */
  hasOutput(id: string): Promise<boolean> {
    return this._ask('HEAD', at(id, 'output')).then(
      () => true,
      () => false
    );
  }

  /** Where a browser downloads something of a job. */
  downloadUrl(id: string, path: string[], query: object = {}): string {
    return this._url(at(id, ...path)) + search(query);
  }

  /** The address of the page's one WebSocket. */
  get socketUrl(): string {
    const { wsUrl, token, appendToken } = this.settings;
    return (
      URLExt.join(wsUrl, 'jobsub', 'ws') +
      (appendToken && token ? search({ token }) : '')
    );
  }

  private async _json<T>(
    method: string,
    path: string,
    more: IRequest = {}
  ): Promise<T> {
    return (await (await this._ask(method, path, more)).json()) as T;
  }

  private async _ask(
    method: string,
    path: string,
    { query, body, key, range }: IRequest = {}
  ): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json, */*' };
    if (key) {
      headers['Idempotency-Key'] = key;
    }
    if (range) {
      headers.Range = range;
    }
    const response = await this._fetch(this._url(path) + search(query ?? {}), {
      method,
      headers,
      cache: 'no-cache', // with `no-store` each address gets a time added
      body: body === undefined ? undefined : JSON.stringify(body)
    });
    if (!response.ok) {
      throw new ApiError(response.status, await problemOf(response));
    }
    return response;
  }

  /** Fetch; what makes nothing is fetched once more if the network fails, as when a machine changes to another. */
  private async _fetch(url: string, init: RequestInit): Promise<Response> {
    const fetching = () =>
      ServerConnection.makeRequest(url, init, this.settings);
    try {
      return await (init.method === 'GET'
        ? fetching().catch(fetching)
        : fetching());
    } catch {
      throw new ApiError(0, this._away); // the browser's own words help nobody
    }
  }

  private _url(path: string): string {
    return URLExt.join(this.settings.baseUrl, 'jobsub', path);
  }
}

interface IRequest {
  query?: object;
  body?: object;
  key?: string;
  range?: string;
}

function at(id: string, ...path: string[]): string {
  return ['jobs', id, ...path].map(encodeURIComponent).join('/');
}

/** Write arguments: a list repeats its name, and what is not given is left out. */
function search(query: object): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null && one !== '' && one !== false) {
        given.append(name, String(one));
      }
    }
  }
  const text = given.toString();
  return text && `?${text}`;
}

async function problemOf(response: Response): Promise<Partial<Problem>> {
  try {
    const found = await response.json();
    // Jupyter Server's own refusals say `message`
    return { detail: found.message, ...found };
  } catch {
    return { detail: `${response.status} ${response.statusText}` };
  }
}
