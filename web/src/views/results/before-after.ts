import { css, html, nothing, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';

/** A measure of the model given and of the result. */
export interface Measure {
  label: string;
  /** As text; null where it was not measured, and then `why` says so. */
  before: string | null;
  after: string | null;
  /** The numbers themselves, for the bars; without them none are drawn. */
  sizes?: readonly [before: number, after: number];
  change?: string;
  /** The interval of the change, or what else belongs to it. */
  interval?: string;
  tone?: 'good' | 'bad' | '';
  /** Why something is missing, or what the measure is. */
  why?: string;
}

/** `<persopt-before-after>`: measures before and after side by side, with a bar for each. */
@customElement('persopt-before-after')
export class BeforeAfterElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      :host {
        display: block;
        max-inline-size: 62rem;
        container-type: inline-size;
      }
      table {
        font-size: var(--p-text);
      }
      th[scope='row'] {
        inline-size: 42%;
        font-weight: 500;
      }
      td {
        white-space: nowrap;
      }
      td.after {
        font-weight: 500;
      }
      .why,
      .interval {
        display: block;
        color: var(--p-soft);
        font-size: var(--p-text-s);
        font-weight: 400;
        white-space: normal;
      }
      .interval {
        white-space: nowrap;
      }
      .good {
        color: var(--p-good);
      }
      .bad {
        color: var(--p-bad);
      }
      svg {
        display: block;
        inline-size: 100%;
        max-inline-size: 22rem;
        block-size: 9px;
        margin-block-start: var(--p-1);
      }
      svg:dir(rtl) {
        transform: scaleX(-1);
      }
      .was {
        fill: var(--p-edge);
        opacity: 0.55;
      }
      .is {
        fill: var(--p-accent);
      }
      .named {
        display: none;
      }
      @container (max-width: 36rem) {
        thead {
          position: absolute;
          clip-path: inset(50%);
        }
        tr {
          display: grid;
          grid-template-columns: repeat(3, minmax(0, 1fr));
          gap: var(--p-1) var(--p-3);
          padding-block: var(--p-3);
          border-block-end: 1px solid var(--p-line);
        }
        th[scope='row'] {
          grid-column: 1 / -1;
          inline-size: auto;
        }
        th,
        td,
        td.number {
          padding: 0;
          border: 0;
          text-align: start;
        }
        td:last-child {
          text-align: end;
        }
        .named {
          display: block;
          color: var(--p-soft);
          font-size: var(--p-text-xs);
          font-weight: 400;
        }
        .interval {
          white-space: normal;
        }
      }
    `,
  ];

  @property({ attribute: false }) measures: readonly Measure[] = [];
  @property() caption = '';

  override render() {
    return html`
      <table role="table">
        <caption class="visually-hidden">
          ${this.caption}
        </caption>
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" scope="col">${this.text('result.measure')}</th>
            <th role="columnheader" scope="col" class="number">${this.text('result.before')}</th>
            <th role="columnheader" scope="col" class="number">${this.text('result.after')}</th>
            <th role="columnheader" scope="col" class="number">${this.text('result.change')}</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${this.measures.map((measure) => this.row(measure))}
        </tbody>
      </table>
    `;
  }

  private row(measure: Measure) {
    const none = this.text('result.none');
    const why = measure.why ? html`<span class="why">${measure.why}</span>` : nothing;
    return html`<tr role="row">
      <th role="rowheader" scope="row">${measure.label}${why}${this.bars(measure.sizes)}</th>
      <td role="cell" class="number">
        <span class="named" aria-hidden="true">${this.text('result.before')}</span>${measure.before ?? none}
      </td>
      <td role="cell" class="number after">
        <span class="named" aria-hidden="true">${this.text('result.after')}</span>${measure.after ?? none}
      </td>
      <td role="cell" class="number">
        <span class="named" aria-hidden="true">${measure.change ? this.text('result.change') : nothing}</span>
        <span class=${measure.tone || 'plain'}>${measure.change ?? ''}</span>
        ${measure.interval ? html`<span class="interval">${measure.interval}</span>` : nothing}
      </td>
    </tr>`;
  }

  private bars(sizes: Measure['sizes']) {
    if (!sizes) return nothing;
    const most = Math.max(...sizes);
    if (!(most > 0)) return nothing;
    const [was, is] = sizes.map((size) => ((size / most) * 100).toFixed(2));
    return html`<svg viewBox="0 0 100 9" preserveAspectRatio="none" aria-hidden="true">
      ${svg`<rect class="was" width=${was ?? 0} height="3"/><rect class="is" y="5" width=${is ?? 0} height="4"/>`}
    </svg>`;
  }
}
