import type { Job } from '../../api/types';
import { Resource } from '../../state/resource';
import type { Session } from '../../state/session';
import type { Choice } from '../../ui/combobox';
import { modelOf } from './drafts';
import type { Speaker } from './wording';

const MOST = 100;

/** The finished jobs that have made a model, the newest first. */
export function jobModels(session: Session): Resource<readonly Job[]> {
  return new Resource(async () => {
    const { jobs } = await session.jobs.list({ state: ['succeeded'], limit: MOST });
    return jobs.filter((job) => modelOf(job));
  });
}

/** Offers the models of jobs by their names; `by` is what a choice stands for. */
export function offerJobs(jobs: readonly Job[], by: 'id' | 'path', speaker: Speaker): Choice[] {
  return jobs.flatMap((job) => {
    const model = modelOf(job);
    if (!model) return [];
    const label = speaker.text('comparison.job-model', { name: model.name, kind: speaker.text(`kind.${job.kind}`) });
    return [
      { value: by === 'id' ? job.id : model.path, label, note: speaker.formats.ago(job.finishedAt ?? job.createdAt) },
    ];
  });
}
