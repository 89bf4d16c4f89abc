import { Signal } from '@lumino/signaling';

import type { ApiError } from '../src/api/http';
import type { Job, ListQuery } from '../src/api/types';
import type { IJobChange } from '../src/model/jobs';

/** A service with some jobs, that notes what it is asked. */
export class Stored {
  asked: ListQuery[] = [];
  changed = new Signal<this, IJobChange>(this);
  renewed = new Signal<this, void>(this);
  failure: ApiError | null = null;
  page = {
    connection: { online: true },
    connectionChanged: new Signal<object, void>({})
  };
  /** What an answer waits for. */
  answered: Promise<void> = Promise.resolve();
  api = {
    list: async (query: ListQuery) => {
      this.asked.push(query);
      await this.answered;
      if (this.failure) {
        throw this.failure;
      }
      const { offset = 0, limit = 100 } = query;
      return {
        items: this.jobs.slice(offset, offset + limit),
        next: null,
        total: this.jobs.length
      };
    }
  };

  constructor(public jobs: Job[]) {}
}
