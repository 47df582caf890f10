import { css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import '../../charts/scatter';
import { isBetter, metricName, metricValue } from '../../i18n/metrics';
import { ComparisonElement } from './comparison-element';
import { tradePoints } from './figures';
import type { CompareReport } from './reports';
import './segments';
import type { SegmentsElement } from './segments';
import { isolate, milliseconds } from './wording';

type Cost = 'latency' | 'size';

const SERIES = 6;

/** `<persopt-trade .report=…>`: the task's metric against latency or size, with the models that none beats in both. */
@customElement('persopt-trade')
export class TradeElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      header {
        display: flex;
        flex-wrap: wrap;
        align-items: baseline;
        justify-content: space-between;
        gap: var(--p-3);
        margin-block-end: var(--p-2);
      }
      persopt-scatter {
        display: block;
        margin-block-start: var(--p-4);
      }
    `,
  ];

  @property({ attribute: false }) report!: CompareReport;
  @state() private cost: Cost = 'latency';

  override render() {
    const { report } = this;
    const costs = (['latency', 'size'] as const).filter((cost) => tradePoints(report, cost).length > 1);
    if (!this.isReady || report.metric === null || costs.length === 0) return nothing;
    const cost = costs.find((one) => one === this.cost) ?? 'size';
    const { metric } = report;
    const label = this.text(`comparison.trade.${cost}`, { metric: metricName(metric, this.translator) });
    const points = tradePoints(report, cost).map(({ label: name, place, cost: x, quality }) => ({
      id: name,
      name,
      x,
      y: quality.value,
      yInterval: [quality.low, quality.high] as const,
      series: (place % SERIES) + 1, // the colours of the models in the other charts
    }));
    const costsSeen = points.map(({ x }) => x);
    const log = Math.max(...costsSeen) > 20 * Math.min(...costsSeen);
    const write = (value: number) => (cost === 'size' ? this.formats.bytes(value) : milliseconds(value, this));
    return html`
      <header>
        <h2>${this.text('comparison.trade')}</h2>
        ${
          costs.length > 1
            ? html`<persopt-segments
                label=${this.text('comparison.trade.cost')}
                .options=${costs.map((name) => ({ name, label: this.text(`comparison.trade.by.${name}`) }))}
                .chosen=${cost}
                @change=${(event: Event) => (this.cost = (event.target as SegmentsElement).chosen as Cost)}
              ></persopt-segments>`
            : nothing
        }
      </header>
      <p class="soft">${this.text('comparison.trade.note')}</p>
      <persopt-scatter
        label=${label}
        .points=${points}
        .x=${{ label: this.text(`comparison.axis.${cost}`), format: write, log }}
        .y=${{
          label: metricName(metric, this.translator),
          format: (value: number) => metricValue(metric, value, this.formats),
        }}
        .front=${{ x: 'lower', y: isBetter(metric, 1) ? 'higher' : 'lower', label: this.text('comparison.front') }}
        .series=${points.length > SERIES ? {} : Object.fromEntries(points.map(({ series, name }) => [series, isolate(name)]))}
      ></persopt-scatter>
    `;
  }
}
