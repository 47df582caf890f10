import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { OfflineError } from '../api/problem';
import { StudioElement } from './element';
import { icon } from './icons';

/**
 * `<persopt-state kind="empty|loading|error|missing" heading="…">`: what stands where there is nothing to show. The
 * text is its content; an error is given by the property `error`, and `retry` is fired to try again.
 *
 * @fires retry
 */
@customElement('persopt-state')
export class StateElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      :host {
        display: grid;
        justify-items: start;
        gap: var(--p-3);
        padding-block: var(--p-7);
        max-inline-size: 34rem;
      }
      :host([kind='loading']) {
        padding-block: var(--p-5);
        color: var(--p-soft);
      }
      .ornament {
        inline-size: 4rem;
        color: var(--p-edge);
      }
      .ornament path {
        fill: none;
        stroke: currentColor;
        stroke-width: 1;
      }
      .lines {
        display: grid;
        gap: var(--p-3);
        inline-size: 100%;
      }
      .lines i {
        block-size: 0.75rem;
        border-radius: var(--p-radius);
        background: var(--p-sunken);
        animation: breathe 1.6s ease-in-out infinite alternate;
      }
      .lines i:nth-child(2) {
        inline-size: 82%;
        animation-delay: 0.2s;
      }
      .lines i:nth-child(3) {
        inline-size: 58%;
        animation-delay: 0.4s;
      }
      @keyframes breathe {
        to {
          opacity: 0.45;
        }
      }
    `,
  ];

  @property() kind: 'empty' | 'loading' | 'error' | 'missing' = 'empty';
  @property() heading = '';
  @property({ attribute: false }) error: unknown = null;

  override render() {
    if (this.kind === 'loading') {
      return html`<div class="lines" aria-hidden="true"><i></i><i></i><i></i></div>
        <span class="visually-hidden" role="status">${this.text('state.loading')}</span>`;
    }
    return html`
      <svg class="ornament" viewBox="0 0 64 28" aria-hidden="true">
        <path d="M32 3l3.2 3.2h4.6v4.6L43 14l-3.2 3.2v4.6h-4.6L32 25l-3.2-3.2h-4.6v-4.6L21 14l3.2-3.2V6.2h4.6Z" />
        <path d="M0 14h17M47 14h17" />
      </svg>
      <h2>${this.headline()}</h2>
      <div class="soft">${this.kind === 'error' ? this.reason() : nothing}<slot></slot></div>
      ${
        this.kind === 'error'
          ? html`<button class="button" @click=${() => this.dispatchEvent(new Event('retry'))}>
              ${icon('refresh')}${this.text('state.retry')}
            </button>`
          : nothing
      }
    `;
  }

  private headline(): string {
    if (this.heading) return this.heading;
    if (this.kind === 'missing') return this.text('state.missing');
    return this.text(this.error instanceof OfflineError ? 'state.offline' : 'state.error');
  }

  private reason() {
    if (this.error instanceof OfflineError) return this.text('state.offline.text');
    const message = this.error instanceof Error ? this.error.message : String(this.error ?? '');
    return html`<bdi dir="auto">${message}</bdi>`;
  }
}
