import { html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { metricInSentence, metricValue } from '../../i18n/metrics';
import { ltr } from '../../ui/element';
import { ComparisonElement } from './comparison-element';
import { isBeyondChance, judge } from './figures';
import type { ComparedSlice, CompareReport } from './reports';
import { changeText, chance, metricInterval, sliceName } from './wording';

/** `<persopt-slices .report=…>`: the task's metric on parts of the rows; what is more than chance is marked. */
@customElement('persopt-slices')
export class SlicesElement extends ComparisonElement {
  @property({ attribute: false }) report!: CompareReport;

  override render() {
    const { report } = this;
    const { metric } = report;
    if (!this.isReady || metric === null || report.slices.length === 0) return nothing;
    const title = this.text('comparison.slices', { metric: metricInSentence(metric, this.translator) });
    return html`
      <h2>${title}</h2>
      <p class="soft">${this.text('comparison.slices.note')}</p>
      <div class="scroller" tabindex="0" role="region" aria-label=${title}>
        <table>
          <thead>
            <tr>
              <th scope="col">${this.text('comparison.column.slice')}</th>
              <th scope="col" class="number">${this.text('comparison.column.rows')}</th>
              ${report.models.map(({ label }) => html`<th scope="col" class="number">${ltr(label)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${report.slices.map((slice) => this.row(slice, metric))}
          </tbody>
        </table>
      </div>
    `;
  }

  private row(slice: ComparedSlice, metric: string) {
    return html`<tr>
      <th scope="row">${sliceName(slice, this)}</th>
      <td class="number">${this.formats.number(slice.rows)}</td>
      ${slice.quality.map((quality, place) => {
        const change = place > 0 ? slice.changes[place - 1] : undefined;
        return html`<td class="number">
          ${metricValue(metric, quality.value, this.formats)}
          <span class="under">${change ? this.change(metric, change) : metricInterval(metric, quality, this)}</span>
        </td>`;
      })}
    </tr>`;
  }

  private change(metric: string, change: ComparedSlice['changes'][number]) {
    const beyond = isBeyondChance(change, this.report.confidence);
    const judgement = judge(metric, change);
    if (judgement === 'equal') return this.text('comparison.equal');
    const text = this.text('comparison.slices.change', {
      change: changeText(metric, change.change.value, this),
      p: this.text('comparison.p', { value: chance(change.adjustedP, this) }),
    });
    return beyond ? html`<strong class=${judgement === 'better' ? 'good' : 'bad'}>${text}</strong>` : text;
  }
}
