import type { Job, JobDetail } from '../src/api/types';

/** A job as the service tells it, but for what a test says. */
export function row(changes: Partial<Job> = {}): Job {
  return {
    id: 'job-20260131-4k7m2p9q',
    name: 'train',
    user: 'ada',
    group: 'research',
    phase: 'Running',
    reason: 'Started',
    message: '',
    position: null,
    kind: 'command',
    instance_type: 'gpu-1',
    image: 'python3',
    request: { cpu: 4000, memory: 17179869184, gpu: { A100: 1 } },
    priority: 100,
    preemptible: false,
    retries: 0,
    deadline_seconds: 86400,
    ttl_seconds: 604800,
    attempt: 1,
    failures: 0,
    queued_at: '2026-01-31T08:15:30.123456Z',
    admitted_at: '2026-01-31T08:15:31.000000Z',
    started_at: '2026-01-31T08:15:32.000000Z',
    finished_at: null,
    duration_seconds: 10,
    exit_code: null,
    progress: null,
    usage: null,
    log_expired: false,
    kept_bytes: null,
    rerun_of: null,
    sweep: null,
    parameters: {},
    intent: 'run',
    version: 1,
    allowed: ['cancel', 'pause', 'clone'],
    ...changes
  };
}

/** A job with what its page shows, but for what a test says. */
export function detail(changes: Partial<JobDetail> = {}): JobDetail {
  return {
    ...row(),
    tasks: [],
    command: 'python train.py',
    working_dir: null,
    snapshot: null,
    output: null,
    ...changes
  };
}

/** So many jobs, of which the first is job-0. */
export function jobs(count: number): Job[] {
  return Array.from({ length: count }, (_, i) => row({ id: `job-${i}` }));
}
