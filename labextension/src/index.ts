import { create } from './plugins/create';
import { jobpage } from './plugins/jobpage';
import { jobsub } from './plugins/jobsub';
import { notifications } from './plugins/notifications';
import { places } from './plugins/places';
import { sidebar } from './plugins/sidebar';
import { statusbar } from './plugins/statusbar';
import { submit } from './plugins/submit';
import { table } from './plugins/table';

export { IJobsub } from './tokens';

export default [
  jobsub,
  sidebar,
  jobpage,
  create,
  table,
  submit,
  places,
  statusbar,
  notifications
];
