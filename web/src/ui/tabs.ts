import { css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { StudioElement } from './element';
import { surfaces } from './surfaces.css';

export interface Tab {
  name: string;
  label: string;
}

/**
 * `<persopt-tabs>`: tabs inside a view, such as those of a job's page; the slot of the chosen name is shown. The ARIA
 * tabs pattern: arrow keys move, and what is moved to is chosen.
 *
 * @fires change when `chosen` has changed by the person's hand
 */
@customElement('persopt-tabs')
export class TabsElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      [role='tablist'] {
        display: flex;
        gap: var(--p-5);
        border-block-end: 1px solid var(--p-line);
        margin-block-end: var(--p-5);
      }
      [role='tab'] {
        padding: var(--p-2) 0;
        border: 0;
        border-block-end: 2px solid transparent;
        background: none;
        color: var(--p-soft);
        font: inherit;
        font-size: var(--p-text-s);
        white-space: nowrap;
        cursor: pointer;
      }
      [role='tab']:hover {
        color: var(--p-ink);
      }
      [role='tab'][aria-selected='true'] {
        border-color: var(--p-accent);
        color: var(--p-ink);
        font-weight: 600;
      }
      [role='tab']:focus-visible {
        outline-offset: -2px;
      }
    `,
  ];

  @property({ attribute: false }) tabs: readonly Tab[] = [];
  @property() chosen = '';
  @property() label = '';

  override render() {
    return html`
      <div class="scroller" role="tablist" aria-label=${this.label} @keydown=${this.onKey}>
        ${this.tabs.map(
          ({ name, label }) => html`
            <button
              role="tab"
              id=${`tab-${name}`}
              aria-selected=${name === this.chosen}
              aria-controls="panel"
              tabindex=${name === this.chosen ? 0 : -1}
              @click=${() => this.choose(name)}
            >
              ${label}
            </button>
          `,
        )}
      </div>
      <div role="tabpanel" id="panel" aria-labelledby=${`tab-${this.chosen}`}><slot name=${this.chosen}></slot></div>
    `;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const forward = this.matches(':dir(rtl)') ? 'ArrowLeft' : 'ArrowRight';
    const back = this.matches(':dir(rtl)') ? 'ArrowRight' : 'ArrowLeft';
    const at = this.tabs.findIndex(({ name }) => name === this.chosen);
    const count = this.tabs.length;
    const targets: Record<string, number> = { [forward]: at + 1, [back]: at - 1, Home: 0, End: count - 1 };
    const target = targets[event.key];
    if (target === undefined || count === 0) return;
    event.preventDefault();
    const name = this.tabs[(target + count) % count]?.name ?? this.chosen;
    this.choose(name);
    void this.updateComplete.then(() =>
      this.renderRoot.querySelector<HTMLElement>(`#tab-${CSS.escape(name)}`)?.focus(),
    );
  };

  private choose(name: string): void {
    if (name === this.chosen) return;
    this.chosen = name;
    this.dispatchEvent(new Event('change'));
  }
}
