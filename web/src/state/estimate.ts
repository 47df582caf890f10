import type { Job } from '../api/types';

/** Less of a job than this says nothing about the rest, unless a unit of it (a trial) has ended. */
const LEAST_SHARE = 0.1;

export type Estimated = Pick<Job, 'state' | 'startedAt' | 'activeSeconds' | 'resumes' | 'progress'> & {
  spec?: object;
};

/**
 * Returns about how many seconds a running job still needs: as many for the rest of it as it took so far, for its
 * share. Null as long as nothing can be said: before the first trial has ended, and of jobs that do not run. A time
 * limit in its spec counts.
 */
export function estimateLeft(job: Estimated, now: number = Date.now()): number | null {
  if (job.state !== 'running') return null;
  const { done, total, share } = job.progress;
  const part = share ?? (total ? done / total : 0);
  if (part <= 0 || (done < 1 && part < LEAST_SHARE)) return null;
  const spent = spentSeconds(job, now);
  if (spent <= 0) return null;
  const left = (spent * (1 - Math.min(part, 1))) / part;
  const limit = job.spec && 'timeLimit' in job.spec ? Number(job.spec.timeLimit ?? Infinity) : Infinity;
  return Math.max(0, Math.min(left, limit - spent));
}

/** Returns for how many seconds a job has run; time in which it lay still, after a crash, is not counted. */
export function spentSeconds(job: Estimated, now: number = Date.now()): number {
  if (job.state !== 'running' || job.startedAt === null || job.resumes > 0) return job.activeSeconds;
  return Math.max(job.activeSeconds, (now - new Date(job.startedAt).getTime()) / 1000);
}
