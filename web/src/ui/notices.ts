import { css, html } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Session } from '../state/session';
import { Watch } from '../state/signal';
import { StudioElement } from './element';
import { icon } from './icons';

/** `<persopt-notices>`: short messages at the foot of the page, and the live regions that speak. */
@customElement('persopt-notices')
export class NoticesElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      ul {
        position: fixed;
        z-index: 30;
        inset-block-end: calc(var(--p-5) + var(--p-foot, 0px));
        inset-inline: var(--p-4);
        display: grid;
        gap: var(--p-2);
        justify-items: center;
        pointer-events: none;
      }
      li {
        display: flex;
        align-items: center;
        gap: var(--p-3);
        max-inline-size: 36rem;
        padding: var(--p-2) var(--p-4);
        border: 1px solid var(--p-ink);
        border-radius: var(--p-radius);
        background: var(--p-ink);
        color: var(--p-paper);
        font-size: var(--p-text-s);
        pointer-events: auto;
      }
      li.bad {
        border-color: var(--p-bad);
        background: var(--p-surface);
        color: var(--p-bad);
      }
      button {
        display: grid;
        padding: var(--p-1);
        border: 0;
        background: none;
        color: inherit;
        cursor: pointer;
      }
    `,
  ];

  protected override sessionReady({ notices }: Session): void {
    new Watch(this, notices.shown, notices.spoken);
  }

  override render() {
    const { notices } = this.session;
    return html`
      <p class="visually-hidden" role="status" aria-live="polite">${notices.spoken.value}</p>
      <ul role="list" aria-live="polite">
        ${notices.shown.value.map(
          (notice) => html`
            <li class=${notice.kind}>
              ${icon(notice.kind === 'good' ? 'check' : 'alert')}<bdi dir="auto">${notice.text}</bdi>
              <button aria-label=${this.text('action.close')} @click=${() => notices.close(notice.id)}>
                ${icon('close')}
              </button>
            </li>
          `,
        )}
      </ul>
    `;
  }
}
