import type { Job, TuneSpec } from '../../api/types';
import { spentSeconds } from '../../state/estimate';
import { isActive } from '../../state/jobs';

/** What a job works on, in its own words: paths, ids, a command. */
export interface Subject {
  models: readonly string[];
  data: string;
}

export function tuneSpec(job: Job): TuneSpec | null {
  return job.spec.kind === 'tune' ? job.spec : null;
}

/** Which models, and which data set, a job was asked to work on. */
export function subjectOf({ spec }: Pick<Job, 'spec'>): Subject {
  const data = ('datasetPath' in spec ? spec.datasetPath : '') ?? '';
  switch (spec.kind) {
    case 'tune':
      return { models: [spec.baseModelPath || spec.function || spec.command || ''].filter(Boolean), data };
    case 'compare':
      return { models: spec.modelPaths ?? [], data };
    default:
      return { models: [spec.modelPath ?? ''].filter(Boolean), data };
  }
}

/** The name that was given, or the last part of what it works on. */
export function nameOf(job: Pick<Job, 'spec' | 'id'>): string {
  const given = job.spec.name?.trim();
  if (given) return given;
  const names = subjectOf(job).models.map(lastPart);
  return names.length > 0 ? names.join(' · ') : job.id.slice(0, 8);
}

export function lastPart(path: string): string {
  return path.split(/[\\/]/).filter(Boolean).pop() ?? path;
}

/** Seconds that a job has run, up to now; null before it has begun. */
export function elapsedSeconds(job: Job, now: number): number | null {
  if (job.startedAt === null) return null;
  if (isActive(job) || job.finishedAt === null) return spentSeconds(job, now);
  return job.activeSeconds || (Date.parse(job.finishedAt) - Date.parse(job.startedAt)) / 1000;
}

/** The part of a job that is done, 0 to 1; null where it cannot be told. */
export function shareOf({ state, progress }: Job): number | null {
  if (state === 'succeeded') return 1;
  if (progress.share !== null) return Math.min(Math.max(progress.share, 0), 1);
  return progress.total ? Math.min(progress.done / progress.total, 1) : null;
}

/** Whether the job gives back a model that a download can hold. */
export function hasModel(job: Job): boolean {
  if (job.state !== 'succeeded' || job.kind === 'compare') return false;
  const result = job.result as { modelPath?: string | null; outputPath?: string | null } | null;
  return job.kind !== 'tune' || Boolean(result?.modelPath);
}

/** Where a job like this one is started: the tab of its kind, with the form filled in. */
export function againPath({ kind, id }: Pick<Job, 'kind' | 'id'>): string {
  const views = {
    tune: 'tuning',
    prune: 'pruning',
    quantize: 'quantization',
    compare: 'comparison',
    compress: 'comparison',
  } as const;
  return `/${views[kind]}?from=${id}`;
}
