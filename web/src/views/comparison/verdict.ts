import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { isShare, metricInSentence } from '../../i18n/metrics';
import { ComparisonElement } from './comparison-element';
import { inverted, isBeyondChance, judge, judgeSize, judgeSpeed } from './figures';
import type { CompareReport, ModelPair } from './reports';
import { sentences } from './verdict-text';
import { changeNumber, chance, interval, isolate, ratioNumber } from './wording';

const MEMORY = { smaller: 'less', larger: 'more', same: 'same' } as const;

/** `<persopt-verdict .report=…>`: what comes of each model against the baseline, in the report's words, with its figures. */
@customElement('persopt-verdict')
export class VerdictElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      article + article {
        margin-block-start: var(--p-6);
        padding-block-start: var(--p-6);
        border-block-start: 1px solid var(--p-line);
      }
      h3 {
        color: var(--p-soft);
        font-size: var(--p-text-s);
        font-weight: 500;
        margin-block-end: var(--p-2);
      }
      .said {
        max-inline-size: 52rem;
        font-size: clamp(1.125rem, 0.95rem + 0.9vw, 1.5rem);
        line-height: 1.65;
        text-wrap: pretty;
      }
      .more {
        max-inline-size: 44rem;
        margin-block-start: var(--p-2);
      }
      dl {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 8rem), 1fr));
        gap: 0 var(--p-4);
        margin-block-start: var(--p-5);
      }
      dl > div {
        display: grid;
        grid-row: span 3;
        grid-template-rows: subgrid;
        padding-block-end: var(--p-5);
      }
      dl dt {
        align-self: end;
      }
      dt,
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
    `,
  ];

  @property({ attribute: false }) report!: CompareReport;

  override render() {
    if (!this.isReady) return nothing;
    const { report, formats } = this;
    const verdicts = report.verdicts[formats.language] ?? report.verdicts['en'] ?? [];
    const direction = report.verdicts[formats.language] ? formats.direction : 'ltr';
    const baseline = report.models[0]?.label ?? '';
    return report.pairs.map((pair, place) => {
      const [first = '', ...rest] = sentences(verdicts[place] ?? '');
      return html`<article>
        <h3>${this.text('comparison.against', { model: isolate(pair.label), baseline: isolate(baseline) })}</h3>
        <p class="said" dir=${direction}>${first}</p>
        ${rest.length > 0 ? html`<p class="more soft" dir=${direction}>${rest.join(' ')}</p>` : nothing}
        <dl>${this.figures(pair)}</dl>
      </article>`;
    });
  }

  private figures(pair: ModelPair): TemplateResult[] {
    const { report } = this;
    const change = report.metric === null ? undefined : pair.changes[report.metric];
    const found: (TemplateResult | null)[] = [
      this.speed(pair),
      this.size(pair),
      report.metric !== null && change ? this.quality(report.metric, change) : null,
      pair.agreement === null ? null : this.agreement(pair.agreement),
      pair.memoryRatio === null ? null : this.memory(pair.memoryRatio),
    ];
    return found.filter((one) => one !== null);
  }

  private speed({ speedup }: ModelPair): TemplateResult | null {
    if (speedup === null) return null;
    const kind = judgeSpeed(speedup);
    const { value, low, high } = kind === 'slower' ? inverted(speedup) : speedup;
    const ends = interval(ratioNumber(low, this), ratioNumber(high, this), this);
    return this.figure(this.text(`comparison.speed.${kind}`), value, ends);
  }

  private size(pair: ModelPair): TemplateResult {
    const { sizeRatio } = pair;
    const kind = judgeSize(sizeRatio);
    const { models, pairs } = this.report;
    const [before, after] = [models[0]?.weightBytes ?? 0, models[pairs.indexOf(pair) + 1]?.weightBytes ?? 0];
    const note = this.text('comparison.from-to', { from: this.formats.bytes(before), to: this.formats.bytes(after) });
    return this.figure(this.text(`comparison.size.${kind}`), kind === 'larger' ? 1 / sizeRatio : sizeRatio, note);
  }

  private memory(ratio: number): TemplateResult {
    const kind = MEMORY[judgeSize(ratio)];
    return this.figure(this.text(`comparison.memory.${kind}`), kind === 'more' ? 1 / ratio : ratio, '');
  }

  private quality(metric: string, change: NonNullable<ModelPair['changes'][string]>): TemplateResult {
    const { confidence } = this.report;
    const kind = isBeyondChance(change, confidence) ? 'beyond' : 'within';
    const name = metricInSentence(metric, this.translator);
    const ends = interval(
      changeNumber(metric, change.change.low, this),
      changeNumber(metric, change.change.high, this),
      this,
    );
    const judgement = judge(metric, change);
    const unit = isShare(metric) ? html`<small> ${this.text('comparison.points.unit')}</small>` : nothing;
    return html`<div>
      <dt>${this.text('comparison.change.of', { metric: name })}</dt>
      <dd class=${`value ${kind === 'beyond' ? (judgement === 'worse' ? 'bad' : 'good') : ''}`}>
        ${changeNumber(metric, change.change.value, this)}${unit}
      </dd>
      <dd class="caption">
        ${ends}${this.text('comparison.separator')}${
          judgement === 'equal' ? this.text('comparison.equal') : this.text(`comparison.${kind}-chance`)
        }
        (${this.text('comparison.p', { value: chance(change.adjustedP, this) })})
      </dd>
    </div>`;
  }

  private agreement(share: number): TemplateResult {
    const shown = share < 1 ? Math.min(share, 0.999) : share; // what is not all is not told as all
    return html`<div>
      <dt>${this.text('comparison.agreement')}</dt>
      <dd class="value">${this.formats.percent(shown)}</dd>
      <dd class="caption">${this.text('comparison.agreement.rows', { count: this.report.rows })}</dd>
    </div>`;
  }

  private figure(label: string, ratio: number, note: string): TemplateResult {
    return html`<div>
      <dt>${label}</dt>
      <dd class="value">${ratioNumber(ratio, this)}<small>${this.text('comparison.times.unit')}</small></dd>
      <dd class="caption">${note}</dd>
    </div>`;
  }
}
