import { html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Model } from '../api/types';
import { catalogOf } from '../state/catalog';
import type { Session } from '../state/session';
import { Watch } from '../state/signal';
import '../ui/combobox';
import type { Choice, ComboboxElement } from '../ui/combobox';
import { ltr, own, StudioElement } from '../ui/element';
import '../ui/field';
import { picker } from './picker.css';

/**
 * `<persopt-model-picker .value=${path}>`: one of the installed models by search, or a hub id or path that is typed;
 * below it what is known of the chosen one.
 *
 * @fires change when `value` has changed by the person's hand
 */
@customElement('persopt-model-picker')
export class ModelPickerElement extends StudioElement {
  static override shadowRootOptions = { ...StudioElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [...StudioElement.styles, picker];

  @property() label = '';
  @property() hint = '';
  @property() error = '';
  @property() value = '';
  /** Offered besides the installed models, such as jobs that have made one. */
  @property({ attribute: false }) more: readonly Choice[] = [];

  protected override sessionReady(session: Session): void {
    const { models } = catalogOf(session);
    new Watch(this, models);
    void models.load();
  }

  /** The chosen model, if it is one of the installed. */
  get chosen(): Model | undefined {
    return this.models.find(({ name }) => name === this.value);
  }

  override render() {
    const { error } = catalogOf(this.session).models.value;
    return html`
      <persopt-field
        label=${this.label || this.text('forms.model')}
        hint=${this.hint || (this.value ? '' : this.text('forms.model.hint'))}
        error=${this.error}
      >
        <persopt-combobox
          free
          placeholder=${this.text('forms.model.placeholder')}
          .value=${this.value}
          .choices=${[...this.more, ...this.models.map((model) => this.choice(model))]}
          @change=${this.onChange}
        ></persopt-combobox>
      </persopt-field>
      ${error && this.models.length === 0 ? this.unread() : this.facts()}
    `;
  }

  private get models(): readonly Model[] {
    return catalogOf(this.session).models.value.value ?? [];
  }

  private choice(model: Model): Choice {
    const note = [model.modelType, model.bytes ? this.formats.bytes(model.bytes) : ''].filter(Boolean).join(' · ');
    return { value: model.name, note };
  }

  private facts() {
    const { chosen: model, formats } = this;
    if (!model) return this.value && !this.isOffered ? this.elsewhere() : nothing;
    if (model.fault) return html`<p class="bad" role="status">${own(model.fault)}</p>`;
    return html`<p class="facts">
      ${model.architecture ? html`<b>${ltr(model.architecture)}</b>` : nothing}
      ${model.parameters ? html`<span>${this.text('forms.parameters', { count: this.count(model.parameters) })}</span>` : nothing}
      ${model.bytes ? html`<span>${formats.bytes(model.bytes)}</span>` : nothing}
      ${model.labels.length ? html`<span>${this.text('forms.classes', { count: model.labels.length })}</span>` : nothing}
      <span>${this.text(`forms.source.${model.source}`)}</span>
    </p>`;
  }

  private get isOffered(): boolean {
    return this.more.some(({ value }) => value === this.value);
  }

  private elsewhere() {
    const known = catalogOf(this.session).models.value.value !== null;
    return known ? html`<p class="facts">${this.text('forms.elsewhere')}</p>` : nothing;
  }

  private unread() {
    return html`<p class="facts">
      ${this.text('forms.unread')}
      <button class="again" type="button" @click=${() => catalogOf(this.session).models.load()}>
        ${this.text('state.retry')}
      </button>
    </p>`;
  }

  private count(parameters: number): string {
    return this.formats.number(parameters, { notation: 'compact', maximumSignificantDigits: 3 });
  }

  private onChange(event: Event): void {
    event.stopPropagation();
    this.value = (event.target as ComboboxElement).value;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }
}
