import { html, nothing, type PropertyValues } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { readNumber } from '../i18n/formats';
import { controls } from '../ui/controls.css';
import { StudioElement } from '../ui/element';
import '../ui/field';
import { checkNumber, type Complaint } from './check';
import { writeNumber } from './numbers';
import type { NumberRule } from './schema';

/** Puts a complaint into words. */
export function tellComplaint(element: StudioElement, complaint: Complaint | null): string {
  if (!complaint) return '';
  const limit = complaint.limit === undefined ? '' : writeNumber(complaint.limit, element.formats);
  return element.text(complaint.key, { limit });
}

/**
 * `<persopt-number-field label="…" .value=${3} .rule=${{min: 1}}>`: a number with its label, typed in any script. What
 * is wrong with it is said once it was left. `value` is null when empty and NaN when it is no number; `checkNumber`
 * with the same rule tells whether it is right.
 *
 * @fires change when `value` has changed by the person's hand
 */
@customElement('persopt-number-field')
export class NumberFieldElement extends StudioElement {
  static override shadowRootOptions = { ...StudioElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [...StudioElement.styles, controls];

  @property() label = '';
  @property() hint = '';
  /** What the server says is wrong. */
  @property() error = '';
  @property() placeholder = '';
  @property({ type: Boolean }) optional = false;
  @property({ type: Boolean }) disabled = false;
  @property({ attribute: false }) value: number | null = null;
  @property({ attribute: false }) rule: NumberRule = {};
  @state() private typed: string | null = null;
  @state() private isTyping = false;
  @query('input') private input!: HTMLInputElement;

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('value') && !this.isTyping && !Number.isNaN(this.value)) this.typed = null;
  }

  override render() {
    const { rule, formats } = this;
    const complaint = this.isTyping || this.value === null ? null : checkNumber(this.value, rule);
    return html`
      <persopt-field
        label=${this.label}
        hint=${this.hint}
        error=${this.error || tellComplaint(this, complaint)}
        ?optional=${this.optional}
      >
        <input
          class="figure"
          inputmode=${rule.integer ? 'numeric' : 'decimal'}
          dir="ltr"
          autocomplete="off"
          placeholder=${this.placeholder || nothing}
          ?disabled=${this.disabled}
          .value=${this.typed ?? writeNumber(this.value, formats)}
          @input=${this.onInput}
          @change=${this.onChange}
          @blur=${this.onBlur}
        />
      </persopt-field>
    `;
  }

  private onInput(): void {
    this.isTyping = true;
    this.typed = this.input.value;
    this.take();
  }

  private onChange(event: Event): void {
    event.stopPropagation();
    this.take();
  }

  /* A number that was understood is written anew, in the language's own form; one that was not stays to be mended. */
  private onBlur(): void {
    this.isTyping = false;
    if (!Number.isNaN(this.value)) this.typed = null;
  }

  private take(): void {
    const text = this.input.value.trim();
    const value = text === '' ? null : readNumber(text);
    if (Object.is(value, this.value)) return;
    this.value = value;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }
}
