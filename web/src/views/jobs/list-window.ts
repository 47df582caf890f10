import type { Job, JobKind, JobState } from '../../api/types';

export interface JobFilter {
  kind: JobKind | '';
  state: JobState | '';
}

const KINDS: readonly JobKind[] = ['tune', 'prune', 'quantize', 'compare', 'compress'];
const STATES: readonly JobState[] = ['queued', 'running', 'succeeded', 'failed', 'cancelled'];

/** Reads a filter out of an address; what it does not know counts as nothing. */
export function readFilter(query: URLSearchParams): JobFilter {
  return {
    kind: KINDS.find((kind) => kind === query.get('kind')) ?? '',
    state: STATES.find((state) => state === query.get('state')) ?? '',
  };
}

export function filterPath({ kind, state }: JobFilter): string {
  const query = new URLSearchParams();
  if (kind) query.set('kind', kind);
  if (state) query.set('state', state);
  const text = query.toString();
  return text ? `/jobs?${text}` : '/jobs';
}

/**
 * The jobs that a list shows, the newest first: of all that are known those that match, down to the oldest of the
 * pages that were read. So a job that is new, or that has come to match, stands where it belongs.
 */
export function shownJobs(known: Iterable<Job>, { kind, state }: JobFilter, oldest: string | null): Job[] {
  const found: Job[] = [];
  for (const job of known) {
    if (kind && job.kind !== kind) continue;
    if (state && job.state !== state) continue;
    if (oldest !== null && job.id < oldest) continue;
    found.push(job);
  }
  return found.sort((a, b) => (a.id < b.id ? 1 : -1));
}
