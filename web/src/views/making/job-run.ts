import { css, html, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { Problem } from '../../api/problem';
import type { Job, JobKind } from '../../api/types';
import { describeFault } from '../../i18n/fault-words';
import { describeProgress } from '../../i18n/progress-words';
import { canResume, isActive } from '../../state/jobs';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { own, place, StudioElement } from '../../ui/element';
import { icon } from '../../ui/icons';
import { surfaces } from '../../ui/surfaces.css';
import '../../ui/state';

const SECOND_MS = 1000;

/**
 * `<persopt-job-run jobId="…" kind="prune" .result=${…}>`: a job on the tab that it was started from: how far it is,
 * live, and its result when it has one.
 *
 * @fires again with the `Job` in `detail`: the person wants to start it again with changes
 */
@customElement('persopt-job-run')
export class JobRunElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      :host {
        display: grid;
        gap: var(--p-6);
        min-inline-size: 0;
      }
      .head {
        display: grid;
        gap: var(--p-3);
        padding-block-end: var(--p-5);
        border-block-end: 1px solid var(--p-line);
      }
      .title {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        gap: var(--p-2) var(--p-4);
      }
      .models {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-1) var(--p-5);
        color: var(--p-soft);
        font-size: var(--p-text-s);
      }
      .models bdi {
        overflow-wrap: anywhere;
      }
      .actions {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-3);
      }
      .progress {
        display: grid;
        gap: var(--p-3);
        max-inline-size: 42rem;
      }
      .progress .line {
        display: flex;
        flex-wrap: wrap;
        justify-content: space-between;
        gap: var(--p-1) var(--p-4);
      }
      .progress .stage {
        font-size: var(--p-text-l);
        font-weight: 300;
      }
    `,
  ];

  @property() jobId = '';
  @property() kind: JobKind = 'prune';
  /** How a result is shown. */
  @property({ attribute: false }) result: (job: Job, report: unknown) => TemplateResult = () => html``;
  @state() private report: unknown = null;
  @state() private error: unknown = null;
  @state() private confirming = false;
  private known = '';
  private reading = '';
  private endRefresh = () => {};
  private spoken = '';
  private timer: ReturnType<typeof setInterval> | undefined;

  protected override sessionReady(session: Session): void {
    new Watch(this, session.jobs.jobs);
    this.endRefresh = session.feed.onRefresh(() => this.lookAgain());
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.timer = setInterval(() => this.job?.state === 'running' && this.requestUpdate(), SECOND_MS);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.endRefresh();
    clearInterval(this.timer);
  }

  /* An address may hold the first digits of an id only. */
  private get job(): Job | undefined {
    return this.session.jobs.get(this.known || this.jobId);
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('jobId')) {
      this.report = null;
      this.known = this.reading = '';
      this.confirming = false;
      void this.load();
    }
    if (this.job?.state === 'succeeded' && this.reading !== this.jobId) void this.read();
  }

  override render() {
    const { job } = this;
    if (!job) {
      if (this.error === null) return html`<persopt-state kind="loading"></persopt-state>`;
      const missing = this.error instanceof Problem && this.error.status === 404;
      return html`<persopt-state
        kind=${missing ? 'missing' : 'error'}
        heading=${missing ? this.text('run.missing') : ''}
        .error=${this.error}
        @retry=${this.load}
      ></persopt-state>`;
    }
    return html`${this.head(job)} ${this.body(job)}`;
  }

  private head(job: Job) {
    const { formats } = this;
    const spec = job.spec as { name?: string; modelPath?: string; outputPath?: string };
    const took = job.activeSeconds > 0 ? formats.duration(job.activeSeconds) : '';
    return html`<div class="head">
      <div class="title">
        <h2>
          ${spec.name ? own(spec.name) : this.text(job.kind === 'quantize' ? 'run.title.quantize' : 'run.title.prune')}
        </h2>
        <span class=${`tag ${job.state}`}>${this.text(`job.state.${job.state}`)}</span>
        ${job.finishedAt && took ? html`<span class="soft small">${this.text('run.took', { time: took })}</span>` : nothing}
      </div>
      <div class="models">
        <span>${this.text('run.model')}: ${place(spec.modelPath ?? '')}</span>
        <span>${this.text('run.output')}: ${place(spec.outputPath ?? '')}</span>
      </div>
      <div class="actions">
        <a class="button" href=${this.session.router.href(`/jobs/${job.id}`)}>${this.text('run.page')}</a>
        <button class="button quiet" @click=${() => this.dispatchEvent(new CustomEvent('again', { detail: job }))}>
          ${icon('refresh')}${this.text('run.again')}
        </button>
        ${isActive(job) ? this.cancelling(job) : nothing}
        ${
          canResume(job)
            ? html`<button class="button primary" @click=${this.resume}>
                ${icon('play')}${this.text('job.resume')}
              </button>`
            : nothing
        }
      </div>
    </div>`;
  }

  private cancelling(job: Job) {
    if (job.cancelRequested) return html`<span class="soft small">${this.text('run.cancelling')}</span>`;
    if (!this.confirming) {
      return html`<button class="button quiet" @click=${() => (this.confirming = true)}>
        ${icon('stop')}${this.text('run.cancel')}
      </button>`;
    }
    return html`<div class="row" role="group" aria-label=${this.text('run.confirm')}>
      <span class="small">${this.text('run.confirm')}</span>
      <button class="button danger" @click=${this.cancel}>${this.text('run.cancel')}</button>
      <button class="button quiet" @click=${() => (this.confirming = false)}>${this.text('run.keep')}</button>
    </div>`;
  }

  private body(job: Job) {
    if (job.kind !== this.kind) return html`<p class="soft">${this.text('run.other')}</p>`;
    switch (job.state) {
      case 'queued':
      case 'running':
        return this.progress(job);
      case 'failed':
        return html`<div class="note bad" role="alert">
          <h3>${this.text('run.failed')}</h3>
          ${job.fault ? html`<p>${own(describeFault(job.fault, this.session.translator))}</p>` : nothing}
        </div>`;
      case 'cancelled':
        return html`<persopt-state kind="empty" heading=${this.text('run.cancelled')}
          >${this.text('run.cancelled.text')}</persopt-state
        >`;
      case 'succeeded':
        if (this.error !== null && this.report === null) {
          return html`<persopt-state kind="error" .error=${this.error} @retry=${this.read}></persopt-state>`;
        }
        return this.report === null
          ? html`<persopt-state kind="loading"></persopt-state>`
          : this.result(job, this.report);
    }
  }

  private progress(job: Job) {
    const { formats } = this;
    const { share, message } = job.progress;
    const stage =
      job.state === 'queued'
        ? this.text('run.queued')
        : message
          ? describeProgress(message, this.session.translator)
          : this.text('run.starting');
    const told = share === null ? '' : this.text('run.share', { share: formats.percent(share, 0) });
    const spent = job.startedAt ? (Date.now() - Date.parse(job.startedAt)) / 1000 : 0;
    this.speak(stage);
    return html`<div class="progress">
      <p class="stage">${stage}</p>
      ${
        share === null
          ? html`<progress class="bar" aria-label=${stage}></progress>`
          : html`<progress class="bar" max="1" .value=${share} aria-label=${stage}></progress>`
      }
      <p class="line soft small">
        <span>${told}</span>
        <span>${spent > 1 ? this.text('run.elapsed', { time: formats.duration(Math.round(spent)) }) : nothing}</span>
      </p>
    </div>`;
  }

  private speak(stage: string): void {
    if (stage === this.spoken) return;
    this.spoken = stage;
    this.session.notices.announce(stage);
  }

  /* What could not be read while the server was away is read once it is back. */
  private lookAgain(): void {
    if (this.error === null) return;
    void (this.job ? this.read() : this.load());
  }

  private readonly load = async (): Promise<void> => {
    this.error = null;
    const id = this.jobId;
    try {
      const job = await this.session.jobs.load(id);
      if (id === this.jobId) this.known = job.id;
      this.requestUpdate();
    } catch (error) {
      if (id === this.jobId) this.error = error;
    }
  };

  private readonly read = async (): Promise<void> => {
    const id = (this.reading = this.jobId);
    this.error = null;
    try {
      const report: unknown = await this.session.client.report(id);
      if (id === this.jobId) this.report = report;
      this.speak(this.text('run.done'));
    } catch (error) {
      if (id === this.jobId) this.error = error;
    }
  };

  private readonly resume = async (): Promise<void> => {
    try {
      await this.session.jobs.resume(this.known || this.jobId);
    } catch (error) {
      this.session.notices.showError(error);
    }
  };

  private readonly cancel = async (): Promise<void> => {
    this.confirming = false;
    try {
      await this.session.jobs.cancel(this.known || this.jobId);
    } catch (error) {
      this.session.notices.showError(error);
    }
  };
}
