import { PathExt } from '@jupyterlab/coreutils';
import type { Contents } from '@jupyterlab/services';

import type { Api, IServer } from '../api/http';
import type { JobSpec } from '../api/types';

const DRIVES = ['', 'RTC']; // those that show the server's own files
const KINDS: Record<string, 'notebook' | 'script' | undefined> = {
  '.ipynb': 'notebook',
  '.py': 'script',
  '.sh': 'script'
};

/** As what a file can run, by its name. */
export function kindOf(path: string): 'notebook' | 'script' | undefined {
  return KINDS[PathExt.extname(path)];
}

/** Whether a file can run as a job, by its name. */
export function runnable(path: string): boolean {
  return kindOf(path) !== undefined;
}

/**
 * The server's files: JupyterLab's paths are relative to a folder of its own, the service takes whole ones.
 */
export class Files {
  constructor(
    private _api: Api,
    private _contents: Contents.IManager
  ) {}

  /** What the Jupyter server tells of itself; asked once. */
  get server(): Promise<IServer> {
    this._server ??= this._api.server().catch(error => {
      this._server = null;
      throw error;
    });
    return this._server;
  }

  /** The whole path of a file; null if it is on no disk of the server. */
  async whole(path: string): Promise<string | null> {
    const folder = await this._folder();
    return folder !== null && DRIVES.includes(this._contents.driveName(path))
      ? folder + this._contents.localPath(path)
      : null;
  }

  /** JupyterLab's path of a file; null if JupyterLab does not show it. */
  async shown(whole: string): Promise<string | null> {
    const folder = await this._folder();
    return folder !== null && whole.startsWith(folder)
      ? whole.slice(folder.length)
      : null;
  }

  /** A job that runs a file, in the server's environment unless it is a notebook with its own; null as `whole`. */
  async spec(path: string): Promise<JobSpec | null> {
    const kind = kindOf(path);
    const whole = await this.whole(path);
    if (kind === undefined || whole === null) {
      return null;
    }
    const { environment } = await this.server;
    return { name: PathExt.basename(whole), [kind]: whole, environment };
  }

  private async _folder(): Promise<string | null> {
    const { root } = await this.server;
    return root === null ? null : root.replace(/\/*$/, '/');
  }

  private _server: Promise<IServer> | null = null;
}
