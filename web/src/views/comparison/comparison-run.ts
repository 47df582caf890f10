import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { FINISHED_STATES, type CompareSpec, type CompressSpec, type Job } from '../../api/types';
import { describeFaultText } from '../../i18n/fault-words';
import { describeProgress } from '../../i18n/progress-words';
import { estimateLeft } from '../../state/estimate';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { ltr, own } from '../../ui/element';
import { icon } from '../../ui/icons';
import '../../ui/state';
import { ComparisonElement } from './comparison-element';
import './compare-result';
import './compress-live';
import './compress-result';
import type { CompareReport, CompressReport } from './reports';

const TICK_MS = 1000;

/** `<persopt-comparison-run job-id=…>`: a comparison or compression: how far it is, and then what it found. */
@customElement('persopt-comparison-run')
export class ComparisonRunElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      .head {
        display: grid;
        gap: var(--p-3);
        margin-block-end: var(--p-6);
      }
      .head .row {
        gap: var(--p-2) var(--p-5);
      }
      .models {
        color: var(--p-soft);
        font-size: var(--p-text-s);
        overflow-wrap: anywhere;
      }
      .progress {
        display: grid;
        gap: var(--p-3);
        max-inline-size: 44rem;
        margin-block-end: var(--p-6);
      }
      .progress .row {
        justify-content: space-between;
        color: var(--p-soft);
        font-size: var(--p-text-s);
      }
      .phase {
        font-size: var(--p-text-l);
      }
    `,
  ];

  @property({ attribute: 'job-id' }) jobId = '';
  @state() private report: CompareReport | CompressReport | null = null;
  @state() private fault: unknown = null;
  private spoken = '';
  private known = '';
  private endRefresh = () => {};
  private ticking: ReturnType<typeof setInterval> | undefined;

  protected override sessionReady(session: Session): void {
    super.sessionReady(session);
    new Watch(this, session.jobs.jobs);
    this.endRefresh = session.feed.onRefresh(() => this.lookAgain());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.ticking = setInterval(() => {
      if (this.job?.state === 'running' && !document.hidden) this.requestUpdate();
    }, TICK_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.endRefresh();
    clearInterval(this.ticking);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('jobId')) {
      this.report = null;
      this.fault = null;
      this.known = '';
      void this.load();
    }
    const { job } = this;
    if (job?.state === 'succeeded' && !this.report && !this.fault && !this.reading) void this.readReport(job);
    if (job) this.speak(job);
  }

  override render() {
    const { job, fault } = this;
    if (fault) return html`<persopt-state kind="error" .error=${fault} @retry=${() => this.load()}></persopt-state>`;
    if (!job || !this.isReady) return html`<persopt-state kind="loading"></persopt-state>`;
    if (job.kind !== 'compare' && job.kind !== 'compress') {
      return html`<persopt-state kind="missing" heading=${this.text('comparison.run.other')}>
        <a href=${this.session.router.href(`/jobs/${job.id}`)}>${this.text('comparison.run.job')}</a>
      </persopt-state>`;
    }
    return html`${this.head(job)} ${this.content(job)}`;
  }

  private get job(): Job | undefined {
    return this.session.jobs.get(this.known || this.jobId); // an address may hold the first digits of an id only
  }

  private head(job: Job) {
    const { router } = this.session;
    const again = `/comparison?${job.kind === 'compress' ? 'mode=compress&' : ''}from=${job.id}`;
    return html`<header class="head">
      <h1>
        ${job.spec.name ? own(job.spec.name) : this.text(job.kind === 'compare' ? 'comparison.run.compare' : 'comparison.run.compress')}
      </h1>
      <p class="models">${this.about(job)}</p>
      <div class="row small">
        <span class=${`tag ${job.state}`}>${this.text(`job.state.${job.state}`)}</span>
        <span class="soft">${this.formats.dateTime(job.createdAt)}</span>
        <a href=${router.href(`/jobs/${job.id}`)}>${this.text('comparison.run.job')}</a>
        <a href=${router.href(again)}>${this.text('comparison.run.again')}</a>
        <a href=${router.href(job.kind === 'compress' ? '/comparison?mode=compress' : '/comparison')}
          >${this.text(job.kind === 'compress' ? 'comparison.run.new.compress' : 'comparison.run.new')}</a
        >
      </div>
    </header>`;
  }

  private about({ kind, spec }: Job) {
    const short = (path: string) => path.split('/').filter(Boolean).pop() ?? path;
    const data = (spec as CompareSpec).datasetPath;
    const models =
      kind === 'compare' ? ((spec as CompareSpec).modelPaths ?? []) : [(spec as CompressSpec).modelPath ?? ''];
    const named = models.map(
      (path, place) => html`${place > 0 ? this.text('comparison.separator') : nothing}${ltr(short(path))}`,
    );
    return html`${named}${data ? html`${this.text('comparison.separator')}${this.text('comparison.run.on')} ${ltr(short(data))}` : nothing}`;
  }

  private content(job: Job) {
    if (job.state === 'succeeded') {
      return job.kind === 'compare'
        ? html`<persopt-compare-result
            .job=${job}
            .report=${this.report as CompareReport | null}
          ></persopt-compare-result>`
        : html`<persopt-compress-result
            .job=${job}
            .report=${this.report as CompressReport | null}
          ></persopt-compress-result>`;
    }
    const live = job.kind === 'compress' ? html`<persopt-compress-live .job=${job}></persopt-compress-live>` : nothing;
    if (FINISHED_STATES.includes(job.state)) return html`${this.ended(job)} ${live}`;
    return html`${this.progress(job)} ${live}`;
  }

  private progress(job: Job) {
    const { share, message, done, total } = job.progress;
    const left = estimateLeft(job);
    const waiting = job.state === 'queued';
    const phase = waiting
      ? this.text('comparison.run.queued')
      : describeProgress(message, this.translator) || this.text('comparison.run.beginning');
    return html`<div class="progress">
      <p class="phase">${phase}</p>
      <progress class="bar" max="1" .value=${share ?? 0} aria-label=${this.text('comparison.run.progress')}></progress>
      <div class="row">
        <span>
          ${
            total
              ? this.text(job.kind === 'compress' ? 'comparison.run.candidates' : 'comparison.run.steps', {
                  done: this.formats.number(done),
                  total: this.formats.number(total),
                })
              : nothing
          }
        </span>
        <span
          >${left === null ? nothing : this.text('comparison.run.left', { time: this.formats.duration(Math.max(left, 1)) })}</span
        >
        <button class="button quiet" ?disabled=${job.cancelRequested} @click=${() => this.cancel(job)}>
          ${icon('stop')}${this.text(job.cancelRequested ? 'comparison.run.cancelling' : 'comparison.run.cancel')}
        </button>
      </div>
    </div>`;
  }

  private ended(job: Job) {
    if (job.state === 'cancelled') {
      return html`<p class="note">
        ${this.text(job.kind === 'compress' ? 'comparison.run.cancelled.compress' : 'comparison.run.cancelled')}
        ${this.resuming(job)}
      </p>`;
    }
    const { fault } = job;
    return html`<div class="note bad" role="alert">
      <strong>${this.text('comparison.run.failed')}</strong>
      <p>${own(describeFaultText(fault?.message ?? '', this.session.translator))}</p>
      ${fault?.hint ? html`<p>${own(fault.hint)}</p>` : nothing} ${this.resuming(job)}
    </div>`;
  }

  private resuming(job: Job) {
    return html`<button class="button" @click=${() => this.resume(job)}>
      ${icon('play')}${this.text('job.resume')}
    </button>`;
  }

  /* Speaks when another phase begins, and when it has ended; not every second. */
  private speak(job: Job): void {
    if (!this.isReady) return;
    const text = FINISHED_STATES.includes(job.state)
      ? this.text(`job.state.${job.state}`)
      : describeProgress(job.progress.message, this.translator);
    if (text === this.spoken || text === '') return;
    if (this.spoken !== '') this.session.notices.announce(text);
    this.spoken = text;
  }

  private async load(): Promise<void> {
    this.fault = null;
    const asked = this.jobId;
    try {
      const job = await this.session.jobs.load(asked);
      if (asked === this.jobId) this.known = job.id;
      this.requestUpdate();
    } catch (error) {
      if (asked === this.jobId) this.fault = error;
    }
  }

  /* What could not be read while the server was away is read once it is back. */
  private lookAgain(): void {
    if (this.fault === null) return;
    this.fault = null; // a report that is missing is read by the next update
    if (!this.job) void this.load();
  }

  private reading = false;

  private async readReport({ id }: Job): Promise<void> {
    this.reading = true;
    try {
      const report = await this.session.client.report<CompareReport | CompressReport>(id);
      if (id === this.job?.id) this.report = report;
    } catch (error) {
      this.fault = error;
    } finally {
      this.reading = false;
    }
  }

  private async resume({ id }: Job): Promise<void> {
    try {
      await this.session.jobs.resume(id);
    } catch (error) {
      this.session.notices.showError(error);
    }
  }

  private async cancel({ id }: Job): Promise<void> {
    try {
      await this.session.jobs.cancel(id);
    } catch (error) {
      this.session.notices.showError(error);
    }
  }
}
