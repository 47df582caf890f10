import { css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { own } from '../../ui/element';
import { icon } from '../../ui/icons';
import { ComparisonElement } from './comparison-element';
import { keepsLimits, type Limits, type Looked } from './recipes';
import { reasonText } from './said';
import { interval, ratioText, recipeSteps, signed } from './wording';

type SortKey = 'number' | 'drop' | 'latency' | 'size';

/** `<persopt-candidates .looked=… .limits=…>`: every recipe that was looked at, its figures, and why it was left. */
@customElement('persopt-candidates')
export class CandidatesElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      td {
        line-height: 1.6;
      }
      .recipe {
        min-inline-size: 15rem;
      }
      .recipe ol {
        padding: 0;
        list-style: none;
      }
      .recipe li + li::before {
        content: '+ ';
        color: var(--p-soft);
      }
      tr.chosen > * {
        background: var(--p-accent-soft);
      }
      tr.faint {
        color: var(--p-soft);
      }
      thead button {
        display: inline-flex;
        align-items: center;
        gap: var(--p-1);
        padding: 0;
        border: 0;
        background: none;
        color: inherit;
        font: inherit;
        cursor: pointer;
      }
      thead button:hover {
        color: var(--p-ink);
      }
      th[aria-sort] svg {
        color: var(--p-accent);
      }
      .reason {
        max-inline-size: 18rem;
        min-inline-size: 9rem;
      }
    `,
  ];

  @property({ attribute: false }) looked: readonly Looked[] = [];
  @property({ attribute: false }) limits: Limits = { drop: 1, size: null, latency: null };
  @property({ type: Number }) chosen = -1;
  /** The best so far, while the search goes on. */
  @property({ type: Number }) best = -1;
  @state() private sort: SortKey = 'number';

  override render() {
    if (!this.isReady || this.looked.length === 0) return nothing;
    const { sort } = this;
    const rows = [...this.looked].sort((a, b) => (a[sort] ?? Infinity) - (b[sort] ?? Infinity) || a.number - b.number);
    const isBounded = rows.some(({ dropBound }) => dropBound !== null);
    return html`${isBounded ? html`<p class="soft small">${this.text('comparison.candidates.note')}</p>` : nothing}
      <div class="scroller" tabindex="0" role="region" aria-label=${this.text('comparison.candidates')}>
        <table>
          <thead>
            <tr>
              ${this.head('number', 'comparison.column.number', false)}
              <th scope="col">${this.text('comparison.column.recipe')}</th>
              ${this.head('drop', 'comparison.column.drop')} ${this.head('latency', 'comparison.column.latency')}
              ${this.head('size', 'comparison.column.size')}
              <th scope="col">${this.text('comparison.column.state')}</th>
            </tr>
          </thead>
          <tbody>
            ${rows.map((one) => this.row(one))}
          </tbody>
        </table>
      </div>`;
  }

  private head(key: SortKey, label: Parameters<ComparisonElement['text']>[0], isNumber = true) {
    const chosen = this.sort === key;
    return html`<th scope="col" class=${isNumber ? 'number' : ''} aria-sort=${chosen ? 'ascending' : nothing}>
      <button @click=${() => (this.sort = key)}>${this.text(label)}${chosen ? icon('down') : nothing}</button>
    </th>`;
  }

  private row(one: Looked) {
    const { formats } = this;
    const isFinal = one.state === 'judged' || one.state === 'looked-at';
    const kind = one.number === this.chosen || one.number === this.best ? 'chosen' : isFinal ? '' : 'faint';
    const steps = recipeSteps(one.recipe, this);
    return html`<tr class=${kind}>
      <th scope="row">${formats.number(one.number + 1)}</th>
      <td class="recipe">
        <ol>
          ${steps.map((step) => html`<li>${step}</li>`)}
        </ol>
      </td>
      <td class="number">
        ${one.drop === null ? '—' : html`${signed(one.drop, this)}`}
        ${
          one.dropBound === null
            ? nothing
            : html`<span class="under">${this.text('comparison.bound', { number: signed(one.dropBound, this) })}</span>`
        }
        ${
          one.dropInterval
            ? html`<span class="under"
                >${interval(signed(one.dropInterval[0], this, 1), signed(one.dropInterval[1], this, 1), this)}</span
              >`
            : nothing
        }
      </td>
      <td class="number">
        ${one.latency === null ? '—' : this.formats.milliseconds(one.latency)}
        ${
          one.speedup === null
            ? nothing
            : html`<span class="under"
                >${this.text('comparison.speed.as-fast', { ratio: ratioText(one.speedup, this) })}</span
              >`
        }
      </td>
      <td class="number">${one.size === null ? '—' : formats.bytes(one.size)}</td>
      <td class="reason">${this.told(one)}</td>
    </tr>`;
  }

  private told(one: Looked) {
    if (one.number === this.chosen) {
      const isWithin = keepsLimits(one, this.limits);
      return html`<strong>${this.text('comparison.candidate.chosen')}</strong>${
          isWithin ? nothing : html`<br /><span class="small soft">${this.text('comparison.candidate.beyond')}</span>`
        }`;
    }
    if (one.number === this.best) return html`<strong>${this.text('comparison.candidate.best')}</strong>`;
    if (one.reason && one.state !== 'judged') {
      return html`${this.text(`comparison.candidate.${one.state}`)}<br />
        <span class="small soft">${own(reasonText(one.reason, this))}</span>`;
    }
    if (one.state === 'judged' || one.state === 'looked-at') {
      return this.text(keepsLimits(one, this.limits) ? 'comparison.candidate.within' : 'comparison.candidate.beyond');
    }
    return this.text(`comparison.candidate.${one.state}`);
  }
}
