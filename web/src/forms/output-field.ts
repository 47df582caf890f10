import { css, html, nothing } from 'lit';
import { customElement, property, query } from 'lit/decorators.js';
import { catalogOf } from '../state/catalog';
import type { Session } from '../state/session';
import { Watch } from '../state/signal';
import { controls } from '../ui/controls.css';
import { ltr, StudioElement } from '../ui/element';
import '../ui/field';
import { suggestFolder } from './output';
import { picker } from './picker.css';

/**
 * `<persopt-output-field model="models/bert-fa" suffix="pruned">`: the folder for the result. Until the person types
 * one, `value` is null and the suggested name counts, which `folder` tells; with `optional` an empty one is left out.
 *
 * @fires change when `value` has changed by the person's hand
 */
@customElement('persopt-output-field')
export class OutputFieldElement extends StudioElement {
  static override shadowRootOptions = { ...StudioElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    ...StudioElement.styles,
    controls,
    picker,
    css`
      button {
        justify-self: start;
        font-size: var(--p-text-s) !important;
      }
    `,
  ];

  @property() label = '';
  @property() hint = '';
  @property() error = '';
  /** The model that the result comes from, and the word put after its name. */
  @property() model = '';
  @property() suffix = '';
  /** Null: the suggested name. */
  @property() value: string | null = null;
  @property({ type: Boolean }) optional = false;
  @query('input') private input!: HTMLInputElement;

  protected override sessionReady(session: Session): void {
    const { models } = catalogOf(session);
    new Watch(this, models);
    void models.load();
  }

  /** The folder that counts; empty if there is none. */
  get folder(): string {
    return this.value ?? (this.optional ? '' : this.suggestion);
  }

  override render() {
    const { suggestion } = this;
    return html`
      <persopt-field
        label=${this.label || this.text('forms.output')}
        hint=${this.hint || this.text(this.optional ? 'forms.output.optional' : 'forms.output.hint')}
        error=${this.error}
        ?optional=${this.optional}
      >
        <input
          dir="ltr"
          spellcheck="false"
          autocomplete="off"
          .value=${this.folder}
          @input=${this.onInput}
          @change=${stop}
        />
      </persopt-field>
      ${
        suggestion && this.folder !== suggestion
          ? html`<button class="again" type="button" @click=${() => this.take(suggestion)}>
              ${this.text('forms.output.use')} ${ltr(suggestion)}
            </button>`
          : nothing
      }
    `;
  }

  private get suggestion(): string {
    const taken = catalogOf(this.session).models.value.value ?? [];
    return suggestFolder(
      this.model,
      this.suffix,
      taken.map(({ name }) => name),
    );
  }

  private onInput(): void {
    this.take(this.input.value.trim());
  }

  private take(value: string): void {
    this.value = value;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }
}

function stop(event: Event): void {
  event.stopPropagation();
}
