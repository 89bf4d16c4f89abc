import { jobsub } from './plugins/jobsub';
import { sidebar } from './plugins/sidebar';

export { IJobsub } from './tokens';

export default [jobsub, sidebar];
