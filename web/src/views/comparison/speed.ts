import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import '../../charts/dots';
import { ltr } from '../../ui/element';
import { ComparisonElement } from './comparison-element';
import { atShape, shapesOf } from './figures';
import type { CompareReport } from './reports';
import { interval, isolate, milliseconds, ratioNumber, ratioText, shapeText } from './wording';

/** `<persopt-speed .report=…>`: how long calls take by shape, and by how much each model is faster than the baseline. */
@customElement('persopt-speed')
export class SpeedElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      persopt-dots {
        display: block;
        margin-block-start: var(--p-4);
      }
    `,
  ];

  @property({ attribute: false }) report!: CompareReport;

  override render() {
    const { report } = this;
    const shapes = shapesOf(report);
    if (!this.isReady || shapes.length === 0) return nothing;
    const rows = shapes.flatMap((shape) =>
      report.models.flatMap(({ label, speed }, place) => {
        const found = atShape(speed, shape);
        if (!found) return [];
        const group = this.text('comparison.speed.shape', { shape: shapeText(shape, this) });
        return [{ name: label, group, values: [found.p50, found.p95, found.p99], series: (place % 6) + 1 }];
      }),
    );
    const columns = (['p50', 'p95', 'p99'] as const).map((name) => this.text(`comparison.column.${name}`));
    const values = rows.flatMap((row) => row.values);
    const log = Math.max(...values) > 20 * Math.min(...values);
    return html`
      <h2>${this.text('comparison.speed')}</h2>
      <p class="soft">
        ${this.text('comparison.speed.note', {
          threads: this.text('comparison.threads', { count: report.threads }),
          device: this.text(report.device === 'cpu' ? 'comparison.device.cpu' : 'comparison.device.cuda'),
        })}
      </p>
      <persopt-dots
        label=${this.text('comparison.speed.chart')}
        .rows=${rows}
        .columns=${columns}
        .axis=${{ label: this.text('comparison.axis.milliseconds'), log, format: (value: number) => milliseconds(value, this) }}
      ></persopt-dots>
      ${this.table(shapes)}
    `;
  }

  private table(shapes: readonly { batch: number; length: number }[]) {
    const { report, formats } = this;
    return html`<div class="scroller" tabindex="0" role="region" aria-label=${this.text('comparison.throughput')}>
      <table>
        <caption>
          ${this.text('comparison.throughput')}
        </caption>
        <thead>
          <tr>
            <th scope="col">${this.text('comparison.column.shape')}</th>
            ${report.models.map(({ label }) => html`<th scope="col" class="number">${ltr(label)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${shapes.map(
            (shape) =>
              html`<tr>
                <th scope="row">${shapeText(shape, this)}</th>
                ${report.models.map(({ speed }, place) => {
                  const found = atShape(speed, shape);
                  const faster =
                    place > 0 ? atShape(report.pairs[place - 1]?.speedups ?? [], shape)?.speedup : undefined;
                  if (!found) return html`<td class="number">—</td>`;
                  return html`<td class="number">
                    ${formats.number(found.throughput, { maximumSignificantDigits: 3 })}
                    ${
                      faster
                        ? html`<span class="under"
                            >${this.text('comparison.speed.ratio', {
                              ratio: ratioText(faster.value, this),
                              interval: isolate(
                                interval(ratioNumber(faster.low, this), ratioNumber(faster.high, this), this),
                              ),
                            })}</span
                          >`
                        : html`<span class="under"
                            >${this.text(place === 0 ? 'comparison.baseline' : 'comparison.none')}</span
                          >`
                    }
                  </td>`;
                })}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }
}
