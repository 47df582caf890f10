import { css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import { controls } from './controls.css';
import { StudioElement } from './element';
import type { Accessible } from './field';
import { icon } from './icons';

export interface Choice {
  value: string;
  /** What is shown; the value if it is left out. */
  label?: string;
  /** Said beside it, such as a size. */
  note?: string;
}

/**
 * `<persopt-combobox>`: choose from a list by typing, or, with `free`, type what is not in it. The ARIA combobox
 * pattern: arrow keys, Enter, Escape, Home and End.
 *
 * @fires change when `value` has changed by the person's hand
 */
@customElement('persopt-combobox')
export class ComboboxElement extends StudioElement {
  static override shadowRootOptions = { ...StudioElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    ...StudioElement.styles,
    controls,
    css`
      :host {
        position: relative;
        display: block;
      }
      /* By the page's direction: the text has its own. */
      :host(:dir(ltr)) input {
        padding-right: 2.5rem !important;
      }
      :host(:dir(rtl)) input {
        padding-left: 2.5rem !important;
        text-align: right;
      }
      .down {
        position: absolute;
        inset-block-start: 0;
        inset-inline-end: 0;
        display: grid;
        place-items: center;
        inline-size: 2.5rem;
        block-size: var(--p-control);
        color: var(--p-soft);
        pointer-events: none;
      }
      ul {
        position: absolute;
        z-index: 10;
        inset-inline: 0;
        inset-block-start: calc(var(--p-control) + 4px);
        max-block-size: 18rem;
        overflow-y: auto;
        padding: var(--p-1);
        border: 1px solid var(--p-edge);
        border-radius: var(--p-radius);
        background: var(--p-surface);
        list-style: none;
      }
      li {
        display: flex;
        justify-content: space-between;
        gap: var(--p-3);
        padding: var(--p-2);
        border-radius: 2px;
        cursor: pointer;
      }
      li bdi {
        overflow-wrap: anywhere;
      }
      li[aria-selected='true'] {
        background: var(--p-accent-soft);
      }
      li .note {
        color: var(--p-soft);
        font-size: var(--p-text-s);
        white-space: nowrap;
      }
      li.none {
        color: var(--p-soft);
        cursor: default;
      }
    `,
  ];

  @property({ attribute: false }) choices: readonly Choice[] = [];
  @property() value = '';
  @property() placeholder = '';
  /** Whether what is typed counts even if it is none of the choices. */
  @property({ type: Boolean }) free = false;
  /** Set by `<persopt-field>`. */
  @property({ attribute: false }) accessible: Accessible = { name: '', description: '', invalid: false };
  @state() private open = false;
  @state() private active = -1;
  @state() private typed: string | null = null;
  @query('input') private input!: HTMLInputElement;

  override render() {
    const found = this.found();
    const shown = this.typed ?? this.labelOf(this.value);
    return html`
      <input
        role="combobox"
        dir=${shown === '' ? nothing : 'auto'}
        autocomplete="off"
        spellcheck="false"
        aria-autocomplete="list"
        aria-expanded=${this.open}
        aria-controls="list"
        aria-activedescendant=${this.open && this.active >= 0 ? `choice-${this.active}` : nothing}
        aria-label=${this.accessible.name || nothing}
        aria-description=${this.accessible.description || nothing}
        aria-invalid=${this.accessible.invalid ? 'true' : nothing}
        placeholder=${this.placeholder}
        .value=${shown}
        @input=${this.onInput}
        @click=${() => this.show()}
        @keydown=${this.onKey}
        @blur=${this.onBlur}
      />
      <span class="down">${icon('down')}</span>
      <ul id="list" role="listbox" aria-label=${this.accessible.name || nothing} ?hidden=${!this.open}>
        ${found.map(
          (choice, index) => html`
            <li
              id=${`choice-${index}`}
              role="option"
              aria-selected=${index === this.active}
              @pointerdown=${(event: Event) => event.preventDefault()}
              @click=${() => this.choose(choice)}
            >
              <bdi dir="auto">${choice.label ?? choice.value}</bdi>
              ${choice.note ? html`<span class="note">${choice.note}</span>` : nothing}
            </li>
          `,
        )}
        ${
          found.length === 0
            ? html`<li class="none" role="option" aria-disabled="true" aria-selected="false">
                ${this.text('combobox.none')}
              </li>`
            : nothing
        }
      </ul>
    `;
  }

  private found(): readonly Choice[] {
    const words = (this.typed ?? '').toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const matches = (choice: Choice) => {
      const text = `${choice.value} ${choice.label ?? ''}`.toLocaleLowerCase();
      return words.every((word) => text.includes(word));
    };
    return this.choices.filter(matches);
  }

  private labelOf(value: string): string {
    return this.choices.find((choice) => choice.value === value)?.label ?? value;
  }

  private show(): void {
    this.open = true;
    this.active = this.found().findIndex((choice) => choice.value === this.value);
  }

  private onInput(): void {
    this.typed = this.input.value;
    this.open = true;
    this.active = this.free ? -1 : 0;
  }

  private readonly onKey = (event: KeyboardEvent): void => {
    const found = this.found();
    const last = found.length - 1;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      if (!this.open) return this.show();
      const step = event.key === 'ArrowDown' ? 1 : -1;
      this.active = this.active + step > last ? 0 : this.active + step < 0 ? last : this.active + step;
      void this.updateComplete.then(() =>
        this.renderRoot.querySelector(`#choice-${this.active}`)?.scrollIntoView({ block: 'nearest' }),
      );
    } else if (event.key === 'Enter' && this.open) {
      event.preventDefault();
      const choice = found[this.active];
      if (choice) this.choose(choice);
      else this.settle();
    } else if (event.key === 'Escape' && this.open) {
      event.stopPropagation();
      this.typed = null;
      this.open = false;
    }
  };

  private readonly onBlur = (): void => this.settle();

  private choose(choice: Choice): void {
    this.typed = null;
    this.open = false;
    this.take(choice.value);
  }

  /** Ends the choice: what was typed counts if it may, else the value stays. */
  private settle(): void {
    const typed = this.typed?.trim();
    this.open = false;
    this.typed = null;
    if (typed === undefined) return;
    const same = this.choices.find((choice) => choice.value === typed || choice.label === typed);
    if (same) this.take(same.value);
    else if (this.free) this.take(typed);
  }

  private take(value: string): void {
    if (value === this.value) return;
    this.value = value;
    this.dispatchEvent(new Event('change', { bubbles: true, composed: true }));
  }
}
