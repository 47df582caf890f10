import type { JobEvent } from '../../api/events';
import type { Job, Trial } from '../../api/types';
import { isActive } from '../../state/jobs';
import { Resource } from '../../state/resource';
import type { Session } from '../../state/session';
import type { TuneReport } from './tune-report';

const GATHER_MS = 700;
const PAGE = 1000;

/** What a job's page shows beside the job itself: its report and its trials, kept current while it runs. */
export class JobData {
  /** Null until there is one: a tuning has it at any time, other jobs once they have succeeded. */
  readonly report: Resource<Record<string, unknown> | null>;
  readonly trials: Resource<readonly Trial[]>;
  private readonly ends: (() => void)[];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastMs = 0;
  private job: Job;

  constructor(
    private readonly session: Session,
    job: Job,
  ) {
    this.job = job;
    this.report = new Resource(() => this.readReport());
    this.trials = new Resource(() => this.readTrials());
    this.ends = [
      session.feed.subscribe((event) => this.hear(event), job.id),
      session.feed.onRefresh(() => this.refresh()),
    ];
    this.load();
  }

  /** Takes in the job as it is now; one that has ended meanwhile has another report. */
  update(job: Job): void {
    const changed = job.state !== this.job.state;
    this.job = job;
    if (changed) this.load();
  }

  end(): void {
    for (const end of this.ends) end();
    clearTimeout(this.timer);
  }

  private hear({ type }: JobEvent): void {
    if (type.startsWith('persopt.trial.')) this.loadSoon();
  }

  private refresh(): void {
    if (isActive(this.job) || this.report.value.error !== null) this.loadSoon();
  }

  /** A long report is read less often: not more than a third of the time goes into reading and showing it. */
  private loadSoon(): void {
    this.timer ??= setTimeout(
      () => {
        this.timer = undefined;
        this.load();
      },
      Math.max(GATHER_MS, 2 * this.lastMs),
    );
  }

  private load(): void {
    const begun = performance.now();
    void this.report.load().then(() => setTimeout(() => (this.lastMs = performance.now() - begun)));
    if (this.job.kind === 'compress') void this.trials.load();
  }

  private async readReport(): Promise<Record<string, unknown> | null> {
    const { kind, state, id } = this.job;
    if (kind !== 'tune' && state !== 'succeeded') return null;
    const report = await this.session.client.report(id);
    if (kind === 'tune') this.trials.value = { value: (report as unknown as TuneReport).trials, error: null };
    return report;
  }

  private async readTrials(): Promise<readonly Trial[]> {
    const found: Trial[] = [];
    let cursor: string | null = null;
    do {
      const query: { limit: number; cursor?: string } = cursor === null ? { limit: PAGE } : { limit: PAGE, cursor };
      const page: { trials: Trial[]; next: string | null } = await this.session.client.trials(this.job.id, query);
      found.push(...page.trials);
      cursor = page.next;
    } while (cursor !== null);
    return found;
  }
}
