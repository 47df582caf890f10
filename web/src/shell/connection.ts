import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Connection } from '../api/events';
import type { Session } from '../state/session';
import { Watch } from '../state/signal';
import { StudioElement } from '../ui/element';
import { icon } from '../ui/icons';

/** `<persopt-connection>`: whether events come; a word when they do, a whole line when the server is away. */
@customElement('persopt-connection')
export class ConnectionElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      :host {
        display: contents;
      }
      p {
        display: flex;
        align-items: center;
        gap: var(--p-2);
        padding: var(--p-3) var(--p-gutter);
        background: var(--p-bad-soft);
        color: var(--p-bad);
        font-size: var(--p-text-s);
      }
    `,
  ];
  private last: Connection = 'connecting';
  private wasLost = false;

  protected override sessionReady(session: Session): void {
    new Watch(this, session.connection);
  }

  override willUpdate(): void {
    const now = this.session.connection.value;
    if (now === this.last) return;
    this.last = now;
    if (now === 'offline') this.wasLost = true;
    else if ((now === 'live' || now === 'polling') && this.wasLost) {
      this.wasLost = false;
      const text = this.text('connection.back');
      queueMicrotask(() => this.session.notices.show(text));
    }
  }

  override render() {
    return html`<div role="status">
      ${this.wasLost ? html`<p>${icon('away')}${this.text('connection.lost')}</p>` : nothing}
    </div>`;
  }
}
