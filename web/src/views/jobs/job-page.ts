import { css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { Problem } from '../../api/problem';
import type { Job } from '../../api/types';
import { describeFaultText } from '../../i18n/fault-words';
import { describeProgress } from '../../i18n/progress-words';
import { canResume, isActive } from '../../state/jobs';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { own, place, StudioElement } from '../../ui/element';
import { icon } from '../../ui/icons';
import '../../ui/state';
import { surfaces } from '../../ui/surfaces.css';
import '../../ui/tabs';
import './job-actions';
import { JobData } from './job-data';
import './job-events';
import { nameOf, subjectOf } from './job-facts';
import './job-figures';
import './job-files';
import './job-log';
import './job-spec';
import './result-slot';
import './trial-table';
import type { TuneReport } from './tune-report';

const PARTS = ['result', 'trials', 'log', 'events', 'spec', 'files'] as const;
type Part = (typeof PARTS)[number];

/** `<persopt-job-page job="ID" section="log">`: everything about one job; the part that is shown is in the address. */
@customElement('persopt-job-page')
export class JobPageElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      :host {
        display: block;
      }
      .back {
        display: inline-flex;
        align-items: center;
        gap: var(--p-1);
        margin-block-end: var(--p-3);
        color: var(--p-soft);
        font-size: var(--p-text-s);
        text-decoration: none;
      }
      .back .icon {
        transform: scaleX(-1);
      }
      .back svg.icon:dir(rtl) {
        transform: none;
      }
      .head {
        display: grid;
        grid-template-columns: minmax(0, 1fr) auto;
        gap: var(--p-2) var(--p-5);
        margin-block-end: var(--p-5);
      }
      .over {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-1) var(--p-3);
        color: var(--p-soft);
        font-size: var(--p-text-s);
      }
      h1 {
        overflow-wrap: anywhere;
      }
      .subject {
        color: var(--p-soft);
        font-size: var(--p-text-s);
        overflow-wrap: anywhere;
      }
      persopt-job-actions {
        justify-content: end;
        align-self: start;
      }
      persopt-job-figures {
        grid-column: 1 / -1;
        margin-block-start: var(--p-3);
      }
      .note {
        margin-block-end: var(--p-5);
        overflow-wrap: anywhere;
      }
      @media (max-width: 44rem) {
        .head {
          grid-template-columns: minmax(0, 1fr);
        }
        persopt-job-actions {
          justify-content: start;
        }
      }
    `,
  ];

  /** Id of the job, or its beginning. */
  @property({ attribute: false }) job = '';
  @property({ attribute: false }) section = '';
  @state() private jobId = '';
  @state() private fault: unknown = null;
  private data: JobData | null = null;
  private watches: Watch[] = [];
  private asked = '';
  /** What was told last; null before anything is known. */
  private stage: string | null = null;
  private endRefresh: () => void = () => undefined;

  protected override sessionReady(session: Session): void {
    new Watch(this, session.jobs.jobs);
    new Watch(this, session.router.place); // the log's trial is in the address
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.asked = '';
    this.endRefresh = this.session.feed.onRefresh(() => {
      if (this.fault !== null) void this.load(this.job);
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.endRefresh();
    this.leave();
  }

  override willUpdate(): void {
    if (this.job !== this.asked) {
      this.asked = this.job;
      this.leave();
      void this.load(this.job);
    }
    const job = this.session.jobs.get(this.jobId);
    if (!job) return;
    this.data?.update(job);
    this.tellProgress(job);
  }

  override render() {
    const job = this.session.jobs.get(this.jobId);
    const back = html`<a class="back" href=${this.session.router.href('/jobs')}
      >${icon('chevron')}${this.text('jobs.title')}</a
    >`;
    if (!job) {
      if (this.fault === null) return html`${back}<persopt-state kind="loading"></persopt-state>`;
      const isMissing = this.fault instanceof Problem && this.fault.status < 500 && this.fault.status !== 401;
      return html`${back}<persopt-state
          kind="error"
          heading=${isMissing ? this.text('jobs.missing') : ''}
          .error=${this.fault}
          @retry=${() => this.load(this.job)}
        ></persopt-state>`;
    }
    return html`${back} ${this.head(job)} ${this.notes(job)} ${this.parts(job)}`;
  }

  private head(job: Job) {
    const { models, data } = subjectOf(job);
    const { formats } = this;
    return html`<header class="head">
      <div>
        <div class="over">
          <span class=${`tag ${job.state}`}>${this.text(`job.state.${job.state}`)}</span>
          <span>${this.text(`kind.${job.kind}`)}</span>
          <time datetime=${job.createdAt}>${formats.dateTime(job.createdAt)}</time>
        </div>
        <h1>${own(nameOf(job))}</h1>
        <ul class="subject" role="list">
          ${[...models, ...(data ? [data] : [])].map((path) => html`<li>${place(path)}</li>`)}
        </ul>
      </div>
      <persopt-job-actions .job=${job}></persopt-job-actions>
      <persopt-job-figures .job=${job}></persopt-job-figures>
    </header>`;
  }

  private notes(job: Job) {
    return html`
      ${
        job.fault
          ? html`<div class="note bad" role="alert">
              <strong>${this.text('jobs.fault')}</strong>
              <p><bdi dir="auto">${describeFaultText(job.fault.message, this.session.translator)}</bdi></p>
              ${job.fault.hint ? html`<p class="soft"><bdi dir="auto">${job.fault.hint}</bdi></p>` : nothing}
            </div>`
          : nothing
      }
      ${job.cancelRequested && isActive(job) ? html`<p class="note" role="status">${this.text('jobs.cancelling.text')}</p>` : nothing}
      ${canResume(job) ? html`<p class="note">${this.text('jobs.resume.text')}</p>` : nothing}
    `;
  }

  private parts(job: Job) {
    const hasTrials = job.kind === 'tune' || job.kind === 'compress';
    const names = PARTS.filter((name) => name !== 'trials' || hasTrials);
    const chosen = names.find((name) => name === this.section) ?? 'result';
    return html`<persopt-tabs
      label=${this.text('jobs.parts')}
      .tabs=${names.map((name) => ({ name, label: this.label(name, job) }))}
      .chosen=${chosen}
      @change=${(event: Event) => this.open((event.target as unknown as { chosen: Part }).chosen)}
    >
      <div slot=${chosen}>${this.content(chosen, job)}</div>
    </persopt-tabs>`;
  }

  private content(part: Part, job: Job) {
    const report = this.data?.report.value;
    switch (part) {
      case 'result':
        if (report && report.error !== null && report.value === null) {
          return html`<persopt-state
            kind="error"
            .error=${report.error}
            @retry=${() => this.data?.report.load()}
          ></persopt-state>`;
        }
        return html`<persopt-result-slot
          .job=${job}
          .report=${report?.value ?? null}
          @trial=${this.openTrial}
        ></persopt-result-slot>`;
      case 'trials':
        return this.trials(job);
      case 'log':
        return html`<persopt-job-log .job=${job} .trial=${this.trialOfAddress()}></persopt-job-log>`;
      case 'events':
        return html`<persopt-job-events .job=${job}></persopt-job-events>`;
      case 'spec':
        return html`<persopt-job-spec .job=${job}></persopt-job-spec>`;
      case 'files':
        return html`<persopt-job-files .job=${job}></persopt-job-files>`;
    }
  }

  private trials(job: Job) {
    const known = this.data?.trials.value;
    if (!known?.value) {
      return known?.error
        ? html`<persopt-state kind="error" .error=${known.error}></persopt-state>`
        : html`<persopt-state kind="loading"></persopt-state>`;
    }
    const report = this.data?.report.value.value as TuneReport | null | undefined;
    const isTuning = job.kind === 'tune';
    return html`<persopt-trial-table
      .job=${job}
      .trials=${known.value}
      .objectives=${isTuning ? (report?.objectives ?? []).map(({ metric }) => metric) : []}
      .best=${isTuning ? (report?.best?.number ?? null) : null}
    ></persopt-trial-table>`;
  }

  private label(part: Part, job: Job): string {
    const text = this.text(`jobs.part.${part}`);
    const count = part === 'trials' ? (this.data?.trials.value.value?.length ?? job.progress.done) : 0;
    return count > 0 ? `${text} (${this.formats.number(count)})` : text;
  }

  private async load(asked: string): Promise<void> {
    this.fault = null;
    try {
      const job = await this.session.jobs.load(asked);
      if (asked !== this.job || !this.isConnected) return;
      this.jobId = job.id;
      this.data = new JobData(this.session, job);
      this.watches = [new Watch(this, this.data.report), new Watch(this, this.data.trials)];
      this.stage = stageOf(job);
    } catch (error) {
      if (asked === this.job) this.fault = error;
    }
  }

  private leave(): void {
    this.data?.end();
    this.data = null;
    for (const watch of this.watches) {
      watch.hostDisconnected();
      this.removeController(watch);
    }
    this.watches = [];
    this.jobId = '';
  }

  /** Screen readers hear of each trial that has ended, of each stage of other jobs, and of the end. */
  private tellProgress(job: Job): void {
    const stage = stageOf(job);
    const before = this.stage;
    if (stage === before) return;
    this.stage = stage;
    if (before === null) return; // what is seen at first need not be told
    const { progress, kind, state } = job;
    if (!isActive(job)) {
      this.session.notices.announce(this.text(`job.state.${state}`));
    } else if (kind !== 'tune') {
      this.session.notices.announce(describeProgress(progress.message, this.session.translator));
    } else if (progress.total !== null) {
      this.session.notices.announce(this.text('jobs.announce', { done: progress.done, total: progress.total }));
    }
  }

  private trialOfAddress(): number | null {
    const text = this.session.router.place.value.query.get('trial');
    return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : null;
  }

  private open(part: Part): void {
    this.session.router.go(`/jobs/${this.jobId}${part === 'result' ? '' : `/${part}`}`, { replace: true });
  }

  private readonly openTrial = (event: CustomEvent<number>): void => {
    this.session.router.go(`/jobs/${this.jobId}/log?trial=${event.detail}`);
  };
}

/** What changes when something is to be told of a job. */
function stageOf(job: Job): string {
  if (!isActive(job)) return job.state;
  return job.kind === 'tune' ? String(job.progress.done) : job.progress.message;
}
