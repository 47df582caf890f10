import { html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Dataset } from '../api/types';
import { catalogOf } from '../state/catalog';
import type { Session } from '../state/session';
import { Watch } from '../state/signal';
import '../ui/combobox';
import type { Choice, ComboboxElement } from '../ui/combobox';
import { own, StudioElement } from '../ui/element';
import '../ui/field';
import './data-sample';
import { picker } from './picker.css';

/**
 * `<persopt-dataset-picker .value=${path}>`: one of the installed data sets by search, or a hub id or path that is
 * typed; below it what it holds.
 *
 * @fires change when `value` has changed by the person's hand
 * @fires sample with the `DatasetDetail` in `detail` (null: it could not be read), once it is known
 */
@customElement('persopt-dataset-picker')
export class DatasetPickerElement extends StudioElement {
  static override shadowRootOptions = { ...StudioElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [...StudioElement.styles, picker];

  @property() label = '';
  @property() hint = '';
  @property() error = '';
  @property() value = '';
  @property({ type: Boolean }) optional = false;
  /** The columns that the person has chosen, by role; those that were detected by default. */
  @property({ attribute: false }) roles: ReadonlyMap<string, string> | null = null;

  protected override sessionReady(session: Session): void {
    const { datasets } = catalogOf(session);
    new Watch(this, datasets);
    void datasets.load();
  }

  /** The chosen data set, if it is one of the installed. */
  get chosen(): Dataset | undefined {
    return this.datasets.find(({ name }) => name === this.value);
  }

  override render() {
    const { error } = catalogOf(this.session).datasets.value;
    return html`
      <persopt-field
        label=${this.label || this.text('forms.dataset')}
        hint=${this.hint || (this.value ? '' : this.text('forms.dataset.hint'))}
        error=${this.error}
        ?optional=${this.optional}
      >
        <persopt-combobox
          free
          placeholder=${this.text('forms.dataset.placeholder')}
          .value=${this.value}
          .choices=${this.datasets.map((dataset) => this.choice(dataset))}
          @change=${this.onChange}
        ></persopt-combobox>
      </persopt-field>
      ${error && this.datasets.length === 0 ? this.unread() : nothing}
      ${this.chosen?.fault ? html`<p class="bad" role="status">${own(this.chosen.fault)}</p>` : nothing}
      ${
        this.value && !this.chosen?.fault
          ? html`<persopt-data-sample
              name=${this.value}
              .roles=${this.roles}
              @sample=${(event: CustomEvent) => this.dispatchEvent(new CustomEvent('sample', { detail: event.detail }))}
            ></persopt-data-sample>`
          : nothing
      }
    `;
  }

  private get datasets(): readonly Dataset[] {
    return catalogOf(this.session).datasets.value.value ?? [];
  }

  private choice(dataset: Dataset): Choice {
    return { value: dataset.name, note: this.formats.bytes(dataset.bytes) };
  }

  private unread() {
    return html`<p class="facts">
      ${this.text('forms.unread')}
      <button class="again" type="button" @click=${() => catalogOf(this.session).datasets.load()}>
        ${this.text('state.retry')}
      </button>
    </p>`;
  }

  private onChange(event: Event): void {
    event.stopPropagation();
    this.value = (event.target as ComboboxElement).value;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }
}
