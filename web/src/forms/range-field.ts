import { css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { StudioElement } from '../ui/element';
import './number-field';
import type { NumberFieldElement } from './number-field';
import { checkRange } from './range-check';
import type { NumberRule } from './schema';

/**
 * `<persopt-range-field label="…" .low=${1} .high=${8}>`: two ends of a range, each with its label. `log` asks for
 * ends above zero.
 *
 * @fires change when `low` or `high` has changed by the person's hand
 */
@customElement('persopt-range-field')
export class RangeFieldElement extends StudioElement {
  static override shadowRootOptions = { ...StudioElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    ...StudioElement.styles,
    css`
      :host {
        display: block;
      }
      .ends {
        display: grid;
        grid-template-columns: 1fr 1fr;
        gap: var(--p-3);
      }
      .error {
        color: var(--p-bad);
        font-size: var(--p-text-s);
      }
    `,
  ];

  /** What the range is of; said before each end's own label. */
  @property() label = '';
  @property({ attribute: false }) low: number | null = null;
  @property({ attribute: false }) high: number | null = null;
  @property({ attribute: false }) rule: NumberRule = {};
  @property({ type: Boolean }) log = false;

  override render() {
    const { low, high, log } = this;
    const rule = log && (this.rule.above ?? this.rule.min ?? -1) <= 0 ? { ...this.rule, above: 0 } : this.rule;
    const isReversed = checkRange(low, high, rule, log)?.key === 'form.range';
    return html`
      <div class="ends" role="group" aria-label=${this.label}>
        <persopt-number-field
          label=${this.text('form.from')}
          .value=${low}
          .rule=${rule}
          @change=${(event: Event) => this.take(event, 'low')}
        ></persopt-number-field>
        <persopt-number-field
          label=${this.text('form.to')}
          .value=${high}
          .rule=${rule}
          error=${isReversed ? this.text('form.range') : ''}
          @change=${(event: Event) => this.take(event, 'high')}
        ></persopt-number-field>
      </div>
    `;
  }

  private take(event: Event, end: 'low' | 'high'): void {
    event.stopPropagation();
    this[end] = (event.target as NumberFieldElement).value;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }
}
