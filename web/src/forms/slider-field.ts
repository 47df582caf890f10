import { css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { controls } from '../ui/controls.css';
import { StudioElement } from '../ui/element';
import './number-field';
import type { NumberFieldElement } from './number-field';
import { atShare, round, shareOf } from './numbers';

const STEPS = 200;

/**
 * `<persopt-slider-field label="…" .value=${0.5} .low=${0} .high=${0.9}>`: a number in a range, by a slider and by
 * typing it; `log` lays the slider on a logarithmic scale, `step` is what a value is rounded to.
 *
 * @fires change when `value` has changed by the person's hand
 */
@customElement('persopt-slider-field')
export class SliderFieldElement extends StudioElement {
  static override shadowRootOptions = { ...StudioElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    ...StudioElement.styles,
    controls,
    css`
      .both {
        display: grid;
        grid-template-columns: 1fr;
        gap: var(--p-1);
      }
      input[type='range'] {
        inline-size: 100%;
        margin: 0;
      }
      .ends {
        display: flex;
        justify-content: space-between;
        color: var(--p-soft);
        font-size: var(--p-text-xs);
      }
    `,
  ];

  @property() label = '';
  @property() hint = '';
  @property() error = '';
  @property({ attribute: false }) value: number | null = null;
  @property({ attribute: false }) low = 0;
  @property({ attribute: false }) high = 1;
  @property({ attribute: false }) step = 0.01;
  @property({ type: Boolean }) log = false;
  /** Shows the value as percent beside the slider's ends; it is typed as a number all the same. */
  @property({ type: Boolean }) percent = false;

  override render() {
    const { low, high, log } = this;
    const value = Number.isFinite(this.value) ? (this.value as number) : low;
    return html`
      <div class="both">
        <persopt-number-field
          label=${this.label}
          hint=${this.hint}
          error=${this.error}
          .value=${this.value}
          .rule=${{ min: low, max: high, integer: Number.isInteger(this.step) && Number.isInteger(low) }}
          @change=${this.onType}
        ></persopt-number-field>
        <input
          type="range"
          min="0"
          max=${STEPS}
          step="any"
          aria-label=${this.label}
          aria-valuetext=${this.tell(value)}
          .value=${String(shareOf(value, low, high, log) * STEPS)}
          @input=${this.onSlide}
          @change=${(event: Event) => event.stopPropagation()}
          @keydown=${this.onKey}
        />
        <div class="ends" aria-hidden="true"><span>${this.tell(low)}</span><span>${this.tell(high)}</span></div>
      </div>
    `;
  }

  private tell(value: number): string {
    return this.percent ? this.formats.percent(value, 0) : this.formats.significant(value, 3);
  }

  private onType(event: Event): void {
    event.stopPropagation();
    this.take((event.target as NumberFieldElement).value);
  }

  private onSlide(event: Event): void {
    const share = Number((event.target as HTMLInputElement).value) / STEPS;
    this.take(this.fit(atShare(share, this.low, this.high, this.log)));
  }

  /* One step by an arrow key, whatever the slider's own steps are. */
  private onKey(event: KeyboardEvent): void {
    const up = this.matches(':dir(rtl)') ? 'ArrowLeft' : 'ArrowRight';
    const down = this.matches(':dir(rtl)') ? 'ArrowRight' : 'ArrowLeft';
    const way = [up, 'ArrowUp'].includes(event.key) ? 1 : [down, 'ArrowDown'].includes(event.key) ? -1 : 0;
    if (way === 0) return;
    event.preventDefault();
    const value = this.value ?? this.low;
    this.take(this.log ? round(value * 10 ** (way / 10)) : this.fit(value + way * this.step));
  }

  private fit(value: number): number {
    const stepped = this.log ? round(value, 2) : round(Math.round(value / this.step) * this.step, 12);
    return Math.min(this.high, Math.max(this.low, stepped));
  }

  private take(value: number | null): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }
}
