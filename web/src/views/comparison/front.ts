import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import '../../charts/scatter';
import type { ScatterPoint } from '../../charts/scatter';
import { ComparisonElement } from './comparison-element';
import { keepsLimits, type Limits, type Looked, type Minimized } from './recipes';
import { milliseconds, recipeSteps } from './wording';

/**
 * `<persopt-compress-front>`: the candidates of a search by what is minimized and the points that they lose, the
 * limit, the front, and the one that is chosen.
 */
@customElement('persopt-compress-front')
export class CompressFrontElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      persopt-scatter {
        display: block;
        margin-block-start: var(--p-4);
      }
    `,
  ];

  @property({ attribute: false }) looked: readonly Looked[] = [];
  @property({ attribute: false }) limits: Limits = { drop: 1, size: null, latency: null };
  @property() minimize: Minimized = 'latency';
  /** The number of the candidate with the ring; -1: none. */
  @property({ type: Number }) chosen = -1;
  /** What is minimized, of the model given; null where it is not known yet. */
  @property({ attribute: false }) original: number | null = null;

  override render() {
    if (!this.isReady) return nothing;
    const { minimize, limits, original } = this;
    const write = (value: number) => (minimize === 'size' ? this.formats.bytes(value) : milliseconds(value, this));
    const costs = [...this.looked.map((one) => one[minimize]), original].filter(
      (value) => value !== null && value > 0,
    ) as number[];
    const log = costs.length > 1 && Math.max(...costs) > 20 * Math.min(...costs);
    const most = minimize === 'size' ? limits.size : limits.latency;
    return html`<persopt-scatter
      label=${this.text(`comparison.front.${minimize}`)}
      summary=${this.text('comparison.front.summary', { count: this.looked.length })}
      height="320"
      .points=${this.points()}
      .x=${{
        label: this.text(`comparison.axis.${minimize}`),
        format: write,
        log,
        limit: most === null ? undefined : { value: most, label: this.text('comparison.limit') },
      }}
      .y=${{
        label: this.text('comparison.axis.drop'),
        limit: { value: limits.drop, label: this.text('comparison.limit.drop') },
      }}
      .front=${{ x: 'lower', y: 'lower', label: this.text('comparison.front') }}
      .series=${{ 1: this.text('comparison.front.within'), 2: this.text('comparison.front.beyond'), 0: this.text('comparison.front.original') }}
    ></persopt-scatter>`;
  }

  private points(): ScatterPoint[] {
    const { minimize, limits } = this;
    const points = this.looked.flatMap((one): ScatterPoint[] => {
      const cost = one[minimize];
      if (cost === null || one.drop === null) return [];
      const isFinal = one.state === 'judged' || one.state === 'looked-at';
      return [
        {
          id: String(one.number),
          name: this.text('comparison.candidate', { number: one.number + 1 }),
          x: cost,
          y: one.drop,
          yInterval: one.dropBound === null ? undefined : [one.drop, one.dropBound],
          series: keepsLimits(one, limits) ? 1 : 2,
          faint: !isFinal,
          chosen: one.number === this.chosen,
          labelled: one.number === this.chosen,
          note: recipeSteps(one.recipe, this).join(this.text('comparison.separator')),
        },
      ];
    });
    const { original } = this;
    if (original === null) return points;
    const name = this.text('comparison.front.original');
    return [...points, { id: '', name, x: original, y: 0, series: 0, shape: 'hollow', apart: true, labelled: true }];
  }
}
