import { css, html } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { StudioElement } from './element';

/**
 * `<persopt-dialog heading="…" open>`: the browser's own modal dialog, with what is in it. `required` leaves no way
 * out by Escape.
 *
 * @fires close when the person has closed it
 */
@customElement('persopt-dialog')
export class DialogElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      dialog {
        inline-size: min(30rem, calc(100vw - 2 * var(--p-4)));
        max-block-size: calc(100dvh - 2 * var(--p-5));
        padding: var(--p-6);
        border: 1px solid var(--p-edge);
        border-radius: var(--p-radius);
        background: var(--p-surface);
        color: var(--p-ink);
      }
      dialog::backdrop {
        background: rgb(10 14 16 / 0.55);
      }
      h2 {
        margin-block-end: var(--p-3);
      }
    `,
  ];

  @property() heading = '';
  @property({ type: Boolean, reflect: true }) open = false;
  @property({ type: Boolean }) required = false;
  @query('dialog') private dialog!: HTMLDialogElement;

  override render() {
    return html`
      <dialog aria-labelledby="heading" @cancel=${this.onCancel} @close=${this.onClose}>
        <h2 id="heading">${this.heading}</h2>
        <slot></slot>
      </dialog>
    `;
  }

  override updated(): void {
    if (this.open && !this.dialog.open) this.dialog.showModal();
    else if (!this.open && this.dialog.open) this.dialog.close();
  }

  private onCancel(event: Event): void {
    if (this.required) event.preventDefault();
  }

  private onClose(): void {
    if (!this.open) return;
    this.open = false;
    this.dispatchEvent(new Event('close'));
  }
}
