/** What the service takes and answers, under the names that the panel uses. */

import type { components, operations } from './schema';

type Schemas = components['schemas'];
type Query<Name extends keyof operations> = NonNullable<
  operations[Name]['parameters']['query']
>;

export type Job = Schemas['JobRow'];
export type JobDetail = Schemas['JobDetail'];
export type JobPage = Schemas['JobPage'];
export type JobSpec = Partial<Schemas['JobSpec']>;
export type JobEdit = Partial<Schemas['JobEdit']>;
export type Task = Schemas['TaskRow'];
export type Timeline = Schemas['Timeline'];
export type TimelineEntry = Schemas['TimelineEntry'];
export type TaskMetrics = Schemas['TaskMetrics'];
export type Artifact = Schemas['Artifact'];
export type Artifacts = Schemas['Artifacts'];
export type Amounts = Schemas['Amounts'];
export type Catalog = Schemas['Catalog'];
export type InstanceType = Schemas['InstanceType'];
export type Quota = Schemas['Quota'];
export type Usage = Schemas['Usage'];
export type GroupUsage = Schemas['GroupUsage'];
export type Status = Schemas['Status'];
export type Problem = Schemas['Problem'];
export type FieldError = Schemas['Wrong'];

export type Phase = Job['phase'];
export type Action = Job['allowed'][number];

export type ListQuery = Query<'list_jobs'>;
export type LogQuery = Query<'get_log'>;
export type MetricsQuery = Query<'get_metrics'>;
export type TaskQuery = Query<'list_artifacts'>;
