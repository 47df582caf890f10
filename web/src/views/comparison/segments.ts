import { css, html } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { StudioElement } from '../../ui/element';

export interface Segment {
  name: string;
  label: string;
}

/**
 * `<persopt-segments label="…" .options=… .chosen=…>`: one of two or three, side by side; radio buttons underneath.
 *
 * @fires change when `chosen` has changed by the person's hand
 */
@customElement('persopt-segments')
export class SegmentsElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      fieldset {
        display: inline-flex;
        margin: 0;
        padding: 0;
        border: 1px solid var(--p-edge);
        border-radius: var(--p-radius);
      }
      label {
        position: relative;
        padding: var(--p-2) var(--p-4);
        color: var(--p-soft);
        font-size: var(--p-text-s);
        white-space: nowrap;
        cursor: pointer;
      }
      label + label {
        border-inline-start: 1px solid var(--p-edge);
      }
      label:hover {
        color: var(--p-ink);
      }
      label:has(:checked) {
        background: var(--p-accent-soft);
        color: var(--p-ink);
        font-weight: 500;
      }
      label:has(:focus-visible) {
        outline: 2px solid var(--p-accent);
        outline-offset: 1px;
      }
      input {
        position: absolute;
        inset: 0;
        margin: 0;
        opacity: 0;
        cursor: pointer;
      }
    `,
  ];

  @property() label = '';
  @property({ attribute: false }) options: readonly Segment[] = [];
  @property({ attribute: false }) chosen = '';

  override render() {
    return html`<fieldset>
      <legend class="visually-hidden">${this.label}</legend>
      ${this.options.map(
        ({ name, label }) =>
          html`<label
            ><input
              type="radio"
              name="segment"
              .checked=${name === this.chosen}
              @change=${() => this.choose(name)}
            />${label}</label
          >`,
      )}
    </fieldset>`;
  }

  private choose(name: string): void {
    this.chosen = name;
    this.dispatchEvent(new Event('change'));
  }
}
