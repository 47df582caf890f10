import type { Client } from '../api/client';
import type { EventFeed, JobEvent } from '../api/events';
import { FINISHED_STATES, type Job, type JobList } from '../api/types';
import { Signal } from './signal';

const GATHER_MS = 150;

export function isActive({ state }: Pick<Job, 'state'>): boolean {
  return !FINISHED_STATES.includes(state);
}

/** Whether a job has ended without a result, and can be taken up again. */
export function canResume({ state }: Pick<Job, 'state'>): boolean {
  return state === 'failed' || state === 'cancelled';
}

/** The jobs that somebody looks at, kept as the server has them: by its events, and anew after every break. */
export class JobsStore {
  /** By id; every job that was read so far. */
  readonly jobs = new Signal<ReadonlyMap<string, Job>>(new Map());
  private readonly stale = new Set<string>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: Client,
    feed: EventFeed,
  ) {
    feed.subscribe((event) => this.hear(event));
    feed.onRefresh(() => this.refresh());
  }

  get(id: string): Job | undefined {
    return this.jobs.value.get(id);
  }

  /** Reads one job; throws what the client throws. */
  async load(id: string): Promise<Job> {
    const job = await this.client.job(id);
    this.put(job);
    return job;
  }

  /** Reads a page of jobs, the newest first; throws what the client throws. */
  async list(query: Parameters<Client['jobs']>[0]): Promise<JobList> {
    const page = await this.client.jobs(query);
    this.put(...page.jobs);
    return page;
  }

  /** Asks for an end of a job; throws what the client throws. */
  async cancel(id: string): Promise<void> {
    this.put(await this.client.cancel(id));
  }

  /** Takes up a job again that has ended without a result; throws what the client throws. */
  async resume(id: string): Promise<void> {
    this.put(await this.client.resume(id));
  }

  /** Takes in jobs that an answer held. */
  put(...jobs: Job[]): void {
    const next = new Map(this.jobs.value);
    for (const job of jobs) next.set(job.id, job);
    this.jobs.value = next;
  }

  private hear(event: JobEvent): void {
    const known = this.get(event.jobId);
    if (event.type === 'persopt.job.progress' && known && event.data.progress) {
      this.put({ ...known, progress: event.data.progress });
    } else if (event.type.startsWith('persopt.job.')) {
      this.stale.add(event.jobId);
      this.timer ??= setTimeout(() => void this.reload(), GATHER_MS);
    }
  }

  private refresh(): void {
    for (const job of this.jobs.value.values()) {
      if (isActive(job)) this.stale.add(job.id);
    }
    if (this.stale.size > 0) this.timer ??= setTimeout(() => void this.reload(), GATHER_MS);
  }

  private async reload(): Promise<void> {
    const ids = [...this.stale];
    this.stale.clear();
    this.timer = undefined;
    await Promise.allSettled(ids.map((id) => this.load(id)));
  }
}
