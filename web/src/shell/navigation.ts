import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { VIEWS } from '../views/names';
import type { Session } from '../state/session';
import { Watch } from '../state/signal';
import { StudioElement } from '../ui/element';
import { icon } from '../ui/icons';

/** `<persopt-navigation>`: the five sections; a line of words on wide screens, a bar at the foot of the phone. */
@customElement('persopt-navigation')
export class NavigationElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      ul {
        display: flex;
        gap: var(--p-6);
      }
      a {
        position: relative;
        display: flex;
        align-items: center;
        gap: var(--p-2);
        block-size: 4.5rem;
        color: var(--p-soft);
        text-decoration: none;
        white-space: nowrap;
      }
      a:hover {
        color: var(--p-ink);
      }
      a[aria-current] {
        color: var(--p-ink);
        font-weight: 600;
      }
      a[aria-current]::after {
        content: '';
        position: absolute;
        inset-inline: 0;
        inset-block-end: -1px;
        block-size: 2px;
        background: var(--p-accent);
      }
      svg {
        display: none;
      }
      :host([foot]) ul {
        justify-content: space-around;
        gap: 0;
      }
      :host([foot]) li {
        flex: 1;
      }
      :host([foot]) a {
        flex-direction: column;
        justify-content: center;
        gap: 0;
        block-size: 3.75rem;
        font-size: var(--p-text-xs);
      }
      :host([foot]) svg {
        display: block;
        font-size: 1.125rem;
      }
      :host([foot]) a[aria-current] {
        color: var(--p-accent);
      }
      :host([foot]) a[aria-current]::after {
        inset-block: -1px auto;
        inset-inline: 20%;
      }
    `,
  ];

  protected override sessionReady(session: Session): void {
    new Watch(this, session.router.place);
  }

  override render() {
    const { router } = this.session;
    const current = router.place.value.view;
    return html`
      <nav aria-label=${this.text('app.sections')}>
        <ul role="list">
          ${VIEWS.map(
            (view) => html`
              <li>
                <a href=${router.href(`/${view}`)} aria-current=${view === current ? 'page' : nothing}>
                  ${icon(view)}${this.text(`tab.${view}`)}
                </a>
              </li>
            `,
          )}
        </ul>
      </nav>
    `;
  }
}
