import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import { metricInSentence, metricValue } from '../../i18n/metrics';
import { describeProgress } from '../../i18n/progress-words';
import { catalogOf } from '../../state/catalog';
import { clock } from '../../state/clock';
import { estimateLeft } from '../../state/estimate';
import { isActive } from '../../state/jobs';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { own, StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';
import { elapsedSeconds, shareOf, tuneSpec } from './job-facts';

/** `<persopt-job-figures .job=…>`: how far a job is: a bar while it runs, trials, best value, times. */
@customElement('persopt-job-figures')
export class JobFiguresElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      :host {
        display: grid;
        gap: var(--p-3);
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-1) var(--p-6);
        font-size: var(--p-text-s);
      }
      dl div {
        display: flex;
        gap: var(--p-2);
      }
      dt {
        color: var(--p-soft);
      }
      dd {
        font-variant-numeric: var(--p-numerals);
        font-weight: 500;
      }
      .message {
        color: var(--p-soft);
        font-size: var(--p-text-s);
      }
    `,
  ];

  @property({ attribute: false }) job!: Job;
  private watch: Watch | null = null;

  protected override sessionReady(session: Session): void {
    this.watch = new Watch(this, clock);
    const { contributions } = catalogOf(session);
    new Watch(this, contributions);
    contributions.need();
  }

  override willUpdate(): void {
    // A job that has ended needs no clock.
    if (this.watch && !isActive(this.job)) {
      this.watch.hostDisconnected();
      this.removeController(this.watch);
      this.watch = null;
    }
  }

  override render() {
    const { job, formats } = this;
    const share = shareOf(job);
    const facts = this.facts();
    return html`
      ${
        job.state === 'running'
          ? html`<progress
              class="bar"
              max="1"
              .value=${share ?? 0}
              aria-label=${this.text('jobs.progress')}
              aria-valuetext=${share === null ? nothing : formats.percent(share, 0)}
            ></progress>`
          : nothing
      }
      <dl>
        ${facts.map(
          ([label, value]) =>
            html`<div>
              <dt>${label}</dt>
              <dd>${value}</dd>
            </div>`,
        )}
      </dl>
      ${
        job.state === 'running' && job.progress.message && !tuneSpec(job)
          ? html`<p class="message">
              <bdi dir="auto">${describeProgress(job.progress.message, this.session.translator)}</bdi>
            </p>`
          : nothing
      }
    `;
  }

  /** A strategy as its plugin calls it in the person's language; its name until that is known. */
  private strategy(name: string): string {
    const { contributions } = catalogOf(this.session);
    const found = contributions.value.value?.find((one) => one.kind === 'sampling-strategy' && one.name === name);
    const title: Record<string, string> = found?.title ?? {};
    return (title[this.formats.language] ?? name).replace(/\s*\(.*\)$/, '');
  }

  private facts(): [string, unknown][] {
    const { job, formats } = this;
    const { progress } = job;
    const now = Date.now();
    const spec = tuneSpec(job);
    const elapsed = elapsedSeconds(job, now);
    const left = estimateLeft(job, now);
    const found: [string, unknown][] = [];
    if (progress.total !== null || progress.done > 0) {
      const key = spec ? 'jobs.trials' : job.kind === 'compress' ? 'jobs.candidates' : 'jobs.steps';
      const count =
        progress.total === null
          ? formats.number(progress.done)
          : this.text('jobs.of', { done: progress.done, total: progress.total });
      found.push([this.text(key), count]);
    }
    if (progress.failed > 0) found.push([this.text('jobs.failed'), formats.number(progress.failed)]);
    if (spec) found.push([this.text('jobs.strategy'), own(this.strategy(spec.strategy ?? ''))]);
    if (progress.best !== null) {
      const metric = bestMetric(job);
      const label = metric
        ? this.text('jobs.best.metric', { metric: metricInSentence(metric, this.session.translator) })
        : this.text('jobs.best');
      found.push([label, metricValue(metric, progress.best, formats)]);
    }
    if (elapsed !== null) {
      found.push([this.text(isActive(job) ? 'jobs.elapsed' : 'jobs.took'), formats.duration(round(elapsed, job))]);
    }
    if (left !== null)
      found.push([this.text('jobs.left'), this.text('jobs.about', { time: formats.duration(Math.max(left, 1)) })]);
    return found;
  }
}

/** What a job's best value is of; empty where it is not known. */
function bestMetric({ spec }: Job): string {
  if (spec.kind === 'tune') return spec.objectives?.[0]?.metric ?? '';
  return spec.kind === 'compress' ? (spec.minimize ?? 'latency') : '';
}

/** Whole seconds while it counts, so that figures do not flicker. */
function round(seconds: number, job: Job): number {
  return isActive(job) ? Math.floor(seconds) : seconds;
}
