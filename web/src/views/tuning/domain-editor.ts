import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { readNumber } from '../../i18n/formats';
import '../../forms/number-field';
import { tellComplaint, type NumberFieldElement } from '../../forms/number-field';
import { writeNumber } from '../../forms/numbers';
import '../../forms/range-field';
import type { RangeFieldElement } from '../../forms/range-field';
import type { Scalar } from '../../forms/schema';
import { controls } from '../../ui/controls.css';
import { StudioElement } from '../../ui/element';
import '../../ui/field';
import './domain-preview';
import type { Knob } from './knobs';
import { checkDomain, type Domain } from './space';

const MODES = ['range', 'choices', 'fixed'] as const;

/**
 * `<persopt-domain-editor .knob=${…} .domain=${…}>`: what one hyperparameter may be.
 *
 * @fires change when `domain` has changed by the person's hand
 */
@customElement('persopt-domain-editor')
export class DomainEditorElement extends StudioElement {
  static override shadowRootOptions = { ...StudioElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [
    ...StudioElement.styles,
    controls,
    css`
      :host {
        display: grid;
        gap: var(--p-3);
      }
      .line {
        display: grid;
        grid-template-columns: repeat(5, 1fr);
        align-items: start;
        gap: var(--p-3);
      }
      .wide {
        grid-column: span 2;
      }
      .rest {
        grid-column: 2 / -1;
      }
      @container (max-width: 50rem) {
        .line {
          grid-template-columns: repeat(3, 1fr);
        }
      }
      @container (max-width: 20rem) {
        .line {
          grid-template-columns: 1fr 1fr;
        }
        .line > :first-child,
        .rest {
          grid-column: 1 / -1;
        }
      }
      .checks {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-2) var(--p-5);
      }
      .bad {
        color: var(--p-bad);
        font-size: var(--p-text-s);
      }
    `,
  ];

  @property({ attribute: false }) knob!: Knob;
  @property({ attribute: false }) domain!: Domain;
  @property({ type: Boolean }) grid = false;
  /** What the server says is wrong, or what was found before the start. */
  @property() error = '';
  private typedChoices: string | null = null;

  override render() {
    const { kind } = this.knob;
    const complaint = this.domain.mode === 'range' ? null : checkDomain(this.knob, this.domain, this.grid);
    const bad = this.error || (this.domain.mode === 'choices' ? tellComplaint(this, complaint) : '');
    const body = kind === 'str' || kind === 'bool' ? this.checks() : this.numbers();
    return html`${body}
      <persopt-domain-preview .knob=${this.knob} .domain=${this.domain}></persopt-domain-preview>
      ${bad ? html`<p class="bad" role="status"><bdi dir="auto">${bad}</bdi></p>` : nothing}`;
  }

  private numbers() {
    return html`<div class="line">
      <persopt-field label=${this.text('tuning.space.mode')}>
        <select @change=${this.onMode}>
          ${MODES.map(
            (mode) =>
              html`<option value=${mode} .selected=${mode === this.domain.mode}>
                ${this.text(`tuning.space.mode.${mode}`)}
              </option>`,
          )}
        </select>
      </persopt-field>
      ${this.domain.mode === 'range' ? this.range(this.domain) : this.domain.mode === 'fixed' ? this.fixed() : this.list()}
    </div>`;
  }

  private range(domain: Extract<Domain, { mode: 'range' }>) {
    return html`
      <persopt-range-field
        class="wide"
        .rule=${this.knob.rule}
        .low=${domain.min}
        .high=${domain.max}
        ?log=${domain.log}
        @change=${(event: Event) => {
          const { low, high } = event.target as RangeFieldElement;
          this.take(event, { ...domain, min: low, max: high });
        }}
      ></persopt-range-field>
      <persopt-field label=${this.text('tuning.space.scale')}>
        <select
          @change=${(event: Event) => this.take(event, { ...domain, log: (event.target as HTMLSelectElement).value === 'log' })}
        >
          <option value="linear" .selected=${!domain.log}>${this.text('tuning.space.linear')}</option>
          <option value="log" .selected=${domain.log}>${this.text('tuning.space.log')}</option>
        </select>
      </persopt-field>
      <persopt-number-field
        label=${this.text('tuning.space.points')}
        placeholder=${this.text('tuning.space.points.all')}
        .rule=${{ min: 2, integer: true }}
        .value=${domain.points}
        @change=${(event: Event) => this.take(event, { ...domain, points: (event.target as NumberFieldElement).value })}
      ></persopt-number-field>
    `;
  }

  private fixed() {
    const value = this.domain.mode === 'fixed' ? this.domain.value : null;
    return html`<persopt-number-field
      label=${this.text('tuning.space.value')}
      .rule=${this.knob.rule}
      .value=${typeof value === 'number' ? value : null}
      @change=${(event: Event) => this.take(event, { mode: 'fixed', value: (event.target as NumberFieldElement).value })}
    ></persopt-number-field>`;
  }

  private list() {
    const values = this.domain.mode === 'choices' ? this.domain.values : [];
    const comma = this.formats.language === 'fa' ? '، ' : ', ';
    const shown = values
      .map((value) => (Number.isNaN(value) ? '?' : writeNumber(Number(value), this.formats)))
      .join(comma);
    return html`<persopt-field class="rest" label=${this.text('tuning.space.values')}>
      <input
        class="figure"
        autocomplete="off"
        .value=${this.typedChoices ?? shown}
        @input=${(event: Event) => {
          this.typedChoices = (event.target as HTMLInputElement).value;
          const parts = this.typedChoices.split(/[،;؛]|,(?!\d{3}(?:\D|$))|\s+/).filter(Boolean);
          this.take(event, { mode: 'choices', values: parts.map(readNumber) });
        }}
        @change=${(event: Event) => event.stopPropagation()}
        @blur=${() => {
          this.typedChoices = null;
          this.requestUpdate();
        }}
      />
    </persopt-field>`;
  }

  private checks() {
    const chosen =
      this.domain.mode === 'choices' ? this.domain.values : this.domain.mode === 'fixed' ? [this.domain.value] : [];
    const toggle = (event: Event, choice: Scalar) => {
      const isOn = (event.target as HTMLInputElement).checked;
      const values = this.knob.choices.filter((item) => (item === choice ? isOn : chosen.includes(item)));
      this.take(event, { mode: 'choices', values });
    };
    return html`<div class="checks" role="group" aria-label=${this.text('tuning.space.values')}>
      ${this.knob.choices.map(
        (choice) =>
          html`<label class="check small"
            ><input
              type="checkbox"
              .checked=${chosen.includes(choice)}
              @change=${(event: Event) => toggle(event, choice)}
            />${
              typeof choice === 'boolean'
                ? this.text(choice ? 'form.yes' : 'form.no')
                : html`<bdi dir="ltr">${choice}</bdi>`
            }</label
          >`,
      )}
    </div>`;
  }

  /* What was there is taken over where it can be: the ends of a range become the first and the last of a list. */
  private onMode(event: Event): void {
    const mode = (event.target as HTMLSelectElement).value as Domain['mode'];
    const { domain } = this;
    const known =
      domain.mode === 'range'
        ? [domain.min, domain.max].filter((end) => end !== null)
        : domain.mode === 'choices'
          ? domain.values
          : domain.value === null
            ? []
            : [domain.value];
    const numbers = known.map(Number);
    const next: Record<Domain['mode'], Domain> = {
      range: { mode: 'range', min: numbers.at(0) ?? null, max: numbers.at(-1) ?? null, log: false, points: null },
      choices: { mode: 'choices', values: known },
      fixed: { mode: 'fixed', value: known[0] ?? null },
    };
    this.take(event, next[mode]);
  }

  private take(event: Event, domain: Domain): void {
    event.stopPropagation();
    this.domain = domain;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }
}
