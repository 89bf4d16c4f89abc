import { PHASES } from '../words';
import type { Filter } from './list';

const SEVERAL = ['group', 'phase'] as const;
const SINGLE = ['text', 'user', 'sweep', 'sort', 'order'] as const;
const ONCE = ['reset', 'clone']; // what JupyterLab was to do as the page was opened
const OURS = ['jobs', ...SEVERAL, ...SINGLE];
const SORTS: Record<NonNullable<Filter['sort']>, true> = {
  submitted: true,
  started: true,
  finished: true,
  duration: true,
  name: true,
  id: true,
  user: true,
  group: true,
  phase: true,
  priority: true,
  gpus: true,
  preemptible: true
};
/** Of what there are but a few: these. */
const KNOWN: Record<string, readonly string[] | undefined> = {
  phase: [...PHASES, 'unfinished'],
  sort: Object.keys(SORTS),
  order: ['asc', 'desc']
};

/** Write a filter into the address of the page, beside what else is there. */
export function withFilter(search: string, filter: Filter): string {
  const query = new URLSearchParams(withoutFilter(search));
  ONCE.forEach(name => query.delete(name));
  query.set('jobs', filter.mine ? 'mine' : 'all');
  for (const name of SEVERAL) {
    filter[name]?.forEach(value => query.append(name, value));
  }
  for (const name of SINGLE) {
    const value = filter[name];
    value && query.set(name, value);
  }
  return `?${query}`;
}

/** An address that says nothing of jobs. */
export function withoutFilter(search: string): string {
  const query = new URLSearchParams(search);
  if (!query.has('jobs')) {
    return search;
  }
  OURS.forEach(name => query.delete(name));
  return query.size ? `?${query}` : '';
}

/** The filter that an address names, without what no table could have; null if it names none. */
export function filterOf(search: string): Filter | null {
  const query = new URLSearchParams(search);
  if (!query.has('jobs')) {
    return null;
  }
  const found: Record<string, unknown> = {
    mine: query.get('jobs') === 'mine'
  };
  const known = (name: string) =>
    query.getAll(name).filter(one => KNOWN[name]?.includes(one) ?? true);
  SEVERAL.forEach(name => (found[name] = known(name)));
  SINGLE.forEach(name => (found[name] = known(name)[0]));
  return found as Filter;
}
