import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { knobName } from '../../i18n/knobs';
import { ltr } from '../../ui/element';
import { icon } from '../../ui/icons';
import './domain-editor';
import type { DomainEditorElement } from './domain-editor';
import { findKnob, KNOBS, suggestDomain } from './knobs';
import { DraftSection } from './section';
import type { Dimension } from './space';

/** `<persopt-space-editor>`: the search space, a hyperparameter a row, and a list to add more from. */
@customElement('persopt-space-editor')
export class SpaceEditorElement extends DraftSection {
  static override styles = [
    ...DraftSection.styles,
    css`
      .rows {
        list-style: none;
      }
      .rows > li {
        display: grid;
        grid-template-columns: 8.5rem minmax(0, 1fr) auto;
        align-items: start;
        gap: var(--p-3) var(--p-5);
        padding-block: var(--p-5);
        border-block-start: 1px solid var(--p-line);
      }
      .rows > li:first-child {
        padding-block-start: 0;
        border: 0;
      }
      .name {
        display: grid;
        justify-items: start;
      }
      .name bdi {
        color: var(--p-soft);
        font-family: var(--p-mono);
        font-size: var(--p-text-xs);
      }
      .add {
        display: grid;
        grid-template-columns: minmax(0, 20rem);
        padding-block-start: var(--p-4);
        border-block-start: 1px solid var(--p-line);
      }
      @container section (max-width: 40rem) {
        .rows > li {
          grid-template-columns: minmax(0, 1fr) auto;
        }
        .rows persopt-domain-editor {
          grid-row: 2;
          grid-column: 1 / -1;
        }
      }
    `,
  ];

  override render() {
    const { space } = this.draft;
    const whole = this.errorExactlyAt('$.config');
    return html`
      <ul class="rows" role="list" data-path="$.config" tabindex="-1">
        ${space.map((dimension) => this.row(dimension))}
      </ul>
      ${whole ? html`<p class="bad" role="status"><bdi dir="auto">${whole}</bdi></p>` : nothing}
      <div class="add">${this.adder()}</div>
    `;
  }

  private row({ name, domain }: Dimension) {
    const knob = findKnob(name);
    const label = knobName(name, this.session.translator);
    const path = `$.config.${name}`;
    return html`<li>
      <div class="name">
        <h3>${label}</h3>
        ${ltr(name)}
      </div>
      ${
        knob
          ? html`<persopt-domain-editor
              role="group"
              aria-label=${label}
              data-path=${path}
              .knob=${knob}
              .domain=${domain}
              error=${this.errorAt(path)}
              ?grid=${this.draft.strategy === 'grid'}
              @change=${(event: Event) => this.change(name, (event.target as DomainEditorElement).domain)}
            ></persopt-domain-editor>`
          : html`<p class="bad" data-path=${path} tabindex="-1">
              ${this.errorAt(path) || this.text('tuning.space.unknown')}
            </p>`
      }
      <button
        class="button quiet icon-only"
        type="button"
        aria-label=${this.text('form.remove', { name: label })}
        @click=${() => this.drop(name)}
      >
        ${icon('close')}
      </button>
    </li>`;
  }

  private adder() {
    const used = new Set(this.draft.space.map(({ name }) => name));
    const left = KNOBS.filter(({ name }) => !used.has(name));
    return html`<persopt-field label=${this.text('tuning.space.add')}>
      <select @change=${this.add}>
        <option value="" selected>${this.text('tuning.space.add.choose')}</option>
        ${left.map(({ name }) => html`<option value=${name}>${knobName(name, this.session.translator)}</option>`)}
      </select>
    </persopt-field>`;
  }

  private change(name: string, domain: Dimension['domain']): void {
    const space = this.draft.space.map((dimension) => (dimension.name === name ? { ...dimension, domain } : dimension));
    this.patch({ space }, `$.config.${name}`);
  }

  private drop(name: string): void {
    this.patch({ space: this.draft.space.filter((dimension) => dimension.name !== name) }, '$.config');
    this.renderRoot.querySelector<HTMLElement>('.rows')?.focus();
  }

  private async add(event: Event): Promise<void> {
    event.stopPropagation();
    const select = event.target as HTMLSelectElement;
    const name = select.value;
    select.value = '';
    if (!name) return;
    this.patch({ space: [...this.draft.space, { name, domain: suggestDomain(name) }] }, '$.config');
    await this.updateComplete;
    this.renderRoot.querySelector<HTMLElement>('.rows > li:last-child persopt-domain-editor')?.focus();
  }
}
