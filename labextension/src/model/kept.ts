import type { IStateDB } from '@jupyterlab/statedb';

import type { Filter, JobList } from './list';

/** Give a list the filter that it had when the page was open last, and keep each that it gets. */
export async function keepFilter(
  list: JobList,
  key: string,
  state: Pick<IStateDB, 'fetch' | 'save'> | null
): Promise<void> {
  const first = list.filter;
  const kept = (await state?.fetch(key).catch(() => undefined)) as
    Filter | undefined;
  if (list.isDisposed) {
    return;
  }
  list.filterChanged.connect((_, filter) => void state?.save(key, filter));
  if (kept && list.filter === first) {
    list.filter = kept;
  }
}
