import { html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { metricName, metricValue } from '../../i18n/metrics';
import { ltr } from '../../ui/element';
import { ComparisonElement } from './comparison-element';
import { isBeyondChance, judge, metricsOf } from './figures';
import type { CompareReport, MetricChange, ModelPair } from './reports';
import { changeNumber, changeText, chance, interval, isolate, metricInterval } from './wording';

/** `<persopt-quality .report=…>`: all metrics with their intervals, and what the change of each can be trusted to mean. */
@customElement('persopt-quality')
export class QualityElement extends ComparisonElement {
  @property({ attribute: false }) report!: CompareReport;

  override render() {
    const { report } = this;
    const metrics = metricsOf(report);
    if (!this.isReady || metrics.length === 0) return nothing;
    return html`
      <h2>${this.text('comparison.quality')}</h2>
      <p class="soft">
        ${this.text('comparison.quality.note', { count: report.rows, confidence: this.formats.percent(report.confidence, 0) })}
      </p>
      <div class="scroller" tabindex="0" role="region" aria-label=${this.text('comparison.quality')}>
        <table>
          <thead>
            <tr>
              <th scope="col">${this.text('comparison.column.metric')}</th>
              ${report.models.map(({ label }) => html`<th scope="col" class="number">${ltr(label)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${metrics.map((metric) => this.metricRow(metric))}
          </tbody>
        </table>
      </div>
      ${report.pairs.map((pair) => this.changes(pair, metrics))}
    `;
  }

  private metricRow(metric: string) {
    return html`<tr>
      <th scope="row">${metricName(metric, this.translator)}</th>
      ${this.report.models.map(({ quality }) => {
        const found = quality[metric];
        return found
          ? html`<td class="number">
              ${metricValue(metric, found.value, this.formats)}<span class="under"
                >${metricInterval(metric, found, this)}</span
              >
            </td>`
          : html`<td class="number">—</td>`;
      })}
    </tr>`;
  }

  private changes(pair: ModelPair, metrics: readonly string[]) {
    const told = metrics.filter((metric) => pair.changes[metric]);
    if (told.length === 0) return nothing;
    const caption = this.text('comparison.changes', {
      model: isolate(pair.label),
      baseline: isolate(this.report.models[0]?.label ?? ''),
    });
    return html`<div class="scroller" tabindex="0" role="region" aria-label=${caption}>
      <table>
        <caption>
          ${caption}
        </caption>
        <thead>
          <tr>
            <th scope="col">${this.text('comparison.column.metric')}</th>
            <th scope="col" class="number">${this.text('comparison.column.change')}</th>
            <th scope="col" class="number">${this.text('comparison.column.p')}</th>
            <th scope="col">${this.text('comparison.column.test')}</th>
            <th scope="col">${this.text('comparison.column.meaning')}</th>
            <th scope="col" class="number">${this.text('comparison.column.needed')}</th>
          </tr>
        </thead>
        <tbody>
          ${told.map((metric) => this.changeRow(metric, pair.changes[metric] as MetricChange))}
        </tbody>
      </table>
    </div>`;
  }

  private changeRow(metric: string, change: MetricChange) {
    const { value, low, high } = change.change;
    const judgement = judge(metric, change);
    const beyond = isBeyondChance(change, this.report.confidence);
    const meaning =
      judgement === 'equal'
        ? this.text('comparison.judged.equal')
        : this.text(`comparison.judged.${judgement}.${beyond ? 'beyond' : 'within'}`);
    const colour = !beyond || judgement === 'equal' ? '' : judgement === 'better' ? 'good' : 'bad';
    return html`<tr>
      <th scope="row">${metricName(metric, this.translator)}</th>
      <td class="number">
        ${changeText(metric, value, this)}<span class="under"
          >${interval(changeNumber(metric, low, this), changeNumber(metric, high, this), this)}</span
        >
      </td>
      <td class="number">${chance(change.adjustedP, this)}</td>
      <td>${this.text(`comparison.test.${change.test}`)}</td>
      <td class=${colour}>${meaning}</td>
      <td class="number">${change.rowsNeeded === null ? '—' : this.formats.number(change.rowsNeeded)}</td>
    </tr>`;
  }
}
