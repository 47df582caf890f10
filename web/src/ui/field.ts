import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { StudioElement } from './element';

/** How an input of our own is told what it is called; native ones get it as ARIA attributes. */
export interface Accessible {
  name: string;
  description: string;
  invalid: boolean;
}

/**
 * `<persopt-field label="…" hint="…" error="…">` around one native input: label, hint and fault are tied to it, so
 * that a screen reader reads them with it. The input stays in the surrounding shadow tree, so its own styles
 * (`controls`) come from there.
 */
@customElement('persopt-field')
export class FieldElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      :host {
        display: grid;
        align-content: start;
        gap: var(--p-1);
        min-inline-size: 0;
      }
      .label {
        display: flex;
        align-items: baseline;
        gap: var(--p-2);
        font-size: var(--p-text-s);
        font-weight: 500;
      }
      .label span {
        color: var(--p-soft);
        font-weight: 400;
      }
      .hint,
      .error {
        font-size: var(--p-text-s);
        line-height: 1.6;
      }
      .hint {
        color: var(--p-soft);
      }
      .error {
        color: var(--p-bad);
      }
    `,
  ];

  @property() label = '';
  @property() hint = '';
  @property() error = '';
  @property({ type: Boolean }) optional = false;

  override render() {
    return html`
      <div class="label" aria-hidden="true" @click=${this.focusInput}>
        ${this.label}${this.optional ? html`<span>${this.text('field.optional')}</span>` : nothing}
      </div>
      <slot @slotchange=${this.tie}></slot>
      ${this.error ? html`<div class="error" aria-hidden="true"><bdi dir="auto">${this.error}</bdi></div>` : nothing}
      ${this.hint ? html`<div class="hint" aria-hidden="true"><bdi dir="auto">${this.hint}</bdi></div>` : nothing}
    `;
  }

  override updated(): void {
    this.tie();
  }

  /* An id does not reach across shadow trees, so what the input is called is written on the input itself. */
  private tie(): void {
    const input = this.input;
    if (!input) return;
    const description = [this.error, this.hint].filter(Boolean).join(' — ');
    if ('accessible' in input) {
      input.accessible = { name: this.label, description, invalid: this.error !== '' } satisfies Accessible;
      return;
    }
    input.setAttribute('aria-label', this.label);
    if (description) input.setAttribute('aria-description', description);
    else input.removeAttribute('aria-description');
    if (this.error) input.setAttribute('aria-invalid', 'true');
    else input.removeAttribute('aria-invalid');
  }

  private focusInput(): void {
    this.input?.focus();
  }

  private get input(): HTMLElement | undefined {
    return [...this.children].find((child): child is HTMLElement => child instanceof HTMLElement);
  }
}
