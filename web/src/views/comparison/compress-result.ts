import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { CompressSpec, Job } from '../../api/types';
import { engineName } from '../../i18n/engines';
import { metricInSentence, metricName, metricValue } from '../../i18n/metrics';
import '../../ui/copy';
import { ltr, own, place } from '../../ui/element';
import { icon } from '../../ui/icons';
import '../../ui/state';
import './candidates';
import './compare-result';
import './compress-live';
import { ComparisonElement } from './comparison-element';
import { exampleCode } from './example';
import { inverted, judgeSize, judgeSpeed } from './figures';
import './front';
import { brokenLimits, limitsOf, readCandidate } from './recipes';
import type { CompressReport } from './reports';
import { reasonText } from './said';
import './try-models';
import { interval, isolate, ratioNumber, recipeSteps, signed } from './wording';

/** `<persopt-compress-result .job=… .report=…>`: the recipe that a search chose, what shows it, and all others. */
@customElement('persopt-compress-result')
export class CompressResultElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      .said {
        max-inline-size: 52rem;
        font-size: clamp(1.125rem, 0.95rem + 0.9vw, 1.5rem);
        line-height: 1.65;
        text-wrap: pretty;
      }
      .confirmed {
        max-inline-size: 44rem;
        margin-block-start: var(--p-2);
      }
      ol.recipe {
        display: grid;
        gap: var(--p-2);
        margin-block-start: var(--p-4);
        padding: 0;
        list-style: none;
        counter-reset: step;
      }
      ol.recipe li {
        display: flex;
        gap: var(--p-3);
      }
      dl.numbers {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 8rem), 1fr));
        gap: 0 var(--p-4);
        margin-block-start: var(--p-5);
      }
      dl.numbers > div {
        display: grid;
        grid-row: span 3;
        grid-template-rows: subgrid;
        padding-block-end: var(--p-5);
      }
      dl.numbers dt {
        align-self: end;
      }
      dl.numbers dt,
      .caption {
        color: var(--p-soft);
        font-size: var(--p-text-s);
        line-height: 1.5;
      }
      .value {
        font-size: clamp(1.75rem, 1.4rem + 1.4vw, 2.5rem);
        font-weight: 300;
        line-height: 1.4;
        font-variant-numeric: var(--p-numerals);
        white-space: nowrap;
      }
      .value small {
        color: var(--p-soft);
        font-size: 0.45em;
        font-weight: 400;
      }
      pre {
        margin: var(--p-4) 0 0;
        padding: var(--p-4);
        background: var(--p-sunken);
        overflow-x: auto;
        line-height: 1.7;
      }
      ul.left {
        display: grid;
        gap: var(--p-2);
        margin-block-start: var(--p-3);
        padding: 0;
        list-style: none;
        font-size: var(--p-text-s);
      }
      details {
        margin-block-start: var(--p-4);
      }
      summary {
        color: var(--p-accent);
        cursor: pointer;
      }
    `,
  ];

  @property({ attribute: false }) job: Job | null = null;
  @property({ attribute: false }) report: CompressReport | null = null;

  override render() {
    const { report } = this;
    if (!report || !this.isReady) {
      const { job } = this;
      const live =
        job && job.state !== 'succeeded' ? html`<persopt-compress-live .job=${job}></persopt-compress-live>` : nothing;
      return html`${this.withoutReport(job)} ${live}`;
    }
    return html`
      <section class="section">${this.verdict(report)}</section>
      <section class="section">${this.recipe(report)}</section>
      <section class="section">${this.front(report)}</section>
      <section class="section">${this.confirmation(report)}</section>
      ${
        this.job
          ? html`<section class="section">
              <persopt-try-models
                .models=${[
                  { name: report.original.path, label: this.text('comparison.front.original') },
                  { name: report.modelPath, label: this.text('comparison.compressed') },
                ]}
              ></persopt-try-models>
            </section>`
          : nothing
      }
      ${
        report.comparison
          ? html`<section class="section">
              <h2>${this.text('comparison.measured')}</h2>
              <details>
                <summary>${this.text('comparison.measured.open')}</summary>
                <persopt-compare-result .report=${report.comparison}></persopt-compare-result>
              </details>
            </section>`
          : nothing
      }
      ${
        this.job
          ? html`<section class="section"><persopt-report-files job-id=${this.job.id}></persopt-report-files></section>`
          : nothing
      }
    `;
  }

  private verdict(report: CompressReport) {
    const { chosen, original, confirmation } = report;
    const facts = [
      ...(chosen.speedup ? [this.speedFact(chosen.speedup)] : []),
      this.sizeFact(original.size / (chosen.metrics['size'] ?? original.size)),
    ];
    const said = this.text(report.met ? 'comparison.compress.met' : 'comparison.compress.unmet', {
      facts: this.formats.list(facts),
      drop: this.points(confirmation.drop.value),
      allowed: this.points(report.limits['drop'] ?? 0),
    });
    return html`
      <p class="said">${said}</p>
      ${report.met ? nothing : this.broken(report).map((text) => html`<p class="confirmed soft">${text}</p>`)}
      <p class="confirmed soft">
        ${this.text(confirmation.met ? 'comparison.confirmed' : 'comparison.unconfirmed', {
          count: confirmation.rows,
          drop: signed(confirmation.drop.value, this),
          interval: isolate(interval(signed(confirmation.drop.low, this), signed(confirmation.drop.high, this), this)),
          rows: this.text(`comparison.rows.${confirmation.source}`),
        })}
      </p>
      ${report.endedBy === 'budget' ? html`<p class="confirmed soft">${this.text('comparison.compress.budget')}</p>` : nothing}
      <dl class="numbers">${this.numbers(report)}</dl>
    `;
  }

  /** Why the chosen candidate does not meet the target. */
  private broken(report: CompressReport): string[] {
    const { formats } = this;
    const write = {
      drop: (value: number) => formats.number(value),
      size: (value: number) => formats.bytes(value),
      latency: (value: number) => formats.milliseconds(value),
    };
    return brokenLimits(readCandidate(report.chosen), limitsOf(report)).flatMap(({ name, found, most }) =>
      found === null
        ? []
        : [this.text(`comparison.broken.${name}`, { found: write[name](found), limit: write[name](most) })],
    );
  }

  private numbers({ chosen, original, confirmation, metric }: CompressReport) {
    const size = chosen.metrics['size'] ?? original.size;
    const { formats } = this;
    const speedup = chosen.speedup;
    return html`
      ${
        speedup
          ? html`<div>
              <dt>${this.text('comparison.speed.faster')}</dt>
              <dd class="value">
                ${ratioNumber(speedup.value, this)}<small>${this.text('comparison.times.unit')}</small>
              </dd>
              <dd class="caption">
                ${interval(ratioNumber(speedup.low, this), ratioNumber(speedup.high, this), this)}
              </dd>
            </div>`
          : nothing
      }
      <div>
        <dt>${this.text('comparison.size.smaller')}</dt>
        <dd class="value">
          ${ratioNumber(original.size / size, this)}<small>${this.text('comparison.times.unit')}</small>
        </dd>
        <dd class="caption">
          ${this.text('comparison.from-to', { from: formats.bytes(original.size), to: formats.bytes(size) })}
        </dd>
      </div>
      <div>
        <dt>${this.text('comparison.lost', { metric: metricInSentence(metric, this.translator) })}</dt>
        <dd class=${confirmation.met ? 'value' : 'value bad'}>
          ${signed(confirmation.drop.value, this)}<small> ${this.text('comparison.points.unit')}</small>
        </dd>
        <dd class="caption">
          ${interval(signed(confirmation.drop.low, this), signed(confirmation.drop.high, this), this)}
        </dd>
      </div>
      <div>
        <dt>${this.text('comparison.candidates')}</dt>
        <dd class="value">${formats.number(this.report?.candidates.length ?? 0)}</dd>
        <dd class="caption">${formats.duration(this.report?.seconds ?? 0)}</dd>
      </div>
    `;
  }

  private recipe(report: CompressReport) {
    const code = exampleCode(report.modelPath, (this.job?.spec as CompressSpec | undefined)?.task ?? null);
    return html`
      <h2>${this.text('comparison.chosen')}</h2>
      <ol class="recipe">
        ${recipeSteps(report.chosen.recipe, this).map((step) => html`<li>${icon('check')}${step}</li>`)}
      </ol>
      <dl class="facts confirmed">
        <dt>${this.text('comparison.column.format')}</dt>
        <dd>${ltr(engineName(report.format))}</dd>
        <dt>${this.text('comparison.folder.result')}</dt>
        <dd>${place(report.modelPath)}</dd>
      </dl>
      <pre><code>${code}</code></pre>
      <p class="row">
        <persopt-copy .content=${code}></persopt-copy>
        ${
          this.job
            ? html`<button class="button quiet" @click=${this.save}>
                ${icon('download')}${this.text('comparison.save-model')}
              </button>`
            : nothing
        }
      </p>
    `;
  }

  private front(report: CompressReport) {
    const limits = limitsOf(report);
    const looked = report.candidates.map(readCandidate);
    const left = Object.entries(report.leftOut);
    return html`
      <h2>${this.text('comparison.looked')}</h2>
      <p class="soft">${this.text('comparison.looked.note')}</p>
      <persopt-compress-front
        .looked=${looked.filter(({ state }) => state === 'judged' || state === 'passed-over')}
        .limits=${limits}
        minimize=${report.minimize}
        chosen=${report.chosen.number}
        .original=${report.minimize === 'size' ? report.original.size : report.original.latency}
      ></persopt-compress-front>
      <persopt-candidates .looked=${looked} .limits=${limits} chosen=${report.chosen.number}></persopt-candidates>
      ${
        left.length > 0
          ? html`<details>
              <summary>${this.text('comparison.left-out', { count: left.length })}</summary>
              <ul class="left" role="list">
                ${left.map(([name, reason]) => html`<li>${ltr(name)}: ${own(reasonText(reason, this))}</li>`)}
              </ul>
            </details>`
          : nothing
      }
    `;
  }

  private confirmation({ confirmation }: CompressReport) {
    const metrics = Object.keys(confirmation.original);
    const title = this.text('comparison.confirmation');
    return html`
      <h2>${title}</h2>
      <p class="soft">${this.text('comparison.confirmation.note', { count: confirmation.rows })}</p>
      <div class="scroller" tabindex="0" role="region" aria-label=${title}>
        <table>
          <thead>
            <tr>
              <th scope="col">${this.text('comparison.column.metric')}</th>
              <th scope="col" class="number">${this.text('comparison.front.original')}</th>
              <th scope="col" class="number">${this.text('comparison.compressed')}</th>
            </tr>
          </thead>
          <tbody>
            ${metrics.map(
              (metric) =>
                html`<tr>
                  <th scope="row">${metricName(metric, this.translator)}</th>
                  ${[confirmation.original[metric], confirmation.model[metric]].map((found) =>
                    found
                      ? html`<td class="number">
                          ${metricValue(metric, found.value, this.formats)}<span class="under"
                            >${interval(metricValue(metric, found.low, this.formats), metricValue(metric, found.high, this.formats), this)}</span
                          >
                        </td>`
                      : html`<td class="number">—</td>`,
                  )}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    `;
  }

  private speedFact(speedup: NonNullable<CompressReport['chosen']['speedup']>): string {
    const kind = judgeSpeed(speedup);
    const shown = kind === 'slower' ? inverted(speedup) : speedup;
    return this.text(`comparison.fact.${kind}`, { times: ratioNumber(shown.value, this) });
  }

  private sizeFact(ratio: number): string {
    const kind = judgeSize(ratio);
    const times = ratioNumber(kind === 'larger' ? 1 / ratio : ratio, this);
    return this.text(kind === 'same' ? 'comparison.fact.same-size' : `comparison.fact.${kind}`, { times });
  }

  private points(value: number): string {
    return this.text('comparison.points', { number: this.formats.number(Math.abs(value)) });
  }

  private readonly save = async (): Promise<void> => {
    const id = this.job?.id ?? '';
    try {
      await this.session.client.download(
        `/jobs/${encodeURIComponent(id)}/archive?model=true`,
        `persopt-compress-${id}.zip`,
      );
    } catch (error) {
      this.session.notices.showError(error);
    }
  };
}
