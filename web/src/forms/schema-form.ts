import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Fault } from '../api/types';
import type { MessageKey } from '../i18n/keys';
import { controls } from '../ui/controls.css';
import { StudioElement } from '../ui/element';
import '../ui/field';
import { checkOption, checkOptions } from './check';
import { faultsAt } from './faults';
import './number-field';
import { tellComplaint, type NumberFieldElement } from './number-field';
import { writeNumber } from './numbers';
import { readSchema, type FieldPlan, type OptionValue, type Scalar, type Schema } from './schema';

export type Options = Readonly<Record<string, OptionValue>>;

/**
 * `<persopt-schema-form .schema=${contribution.options} scope="bayesian" path="$.strategyOptions">`: the options of a
 * plugin, from their JSON Schema. `value` holds only what differs from the defaults. Texts come from the catalogues
 * (`option.SCOPE.NAME`), else from the schema, in the person's language where it has `titles` and `descriptions`.
 *
 * @fires change when `value` has changed by the person's hand
 */
@customElement('persopt-schema-form')
export class SchemaFormElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    controls,
    css`
      :host {
        display: block;
      }
      .fields {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr));
        gap: var(--p-5);
      }
      .check {
        align-self: start;
        font-size: var(--p-text-s);
      }
      .check b {
        font-weight: 500;
      }
      .check .soft {
        display: block;
      }
      fieldset {
        display: grid;
        gap: var(--p-2);
        margin: 0;
        padding: 0;
        border: 0;
      }
      legend {
        padding: 0;
        font-size: var(--p-text-s);
        font-weight: 500;
      }
      .bad {
        color: var(--p-bad);
        font-size: var(--p-text-s);
      }
    `,
  ];

  @property({ attribute: false }) schema: Schema = {};
  @property({ attribute: false }) value: Options = {};
  @property({ attribute: false }) faults: readonly Fault[] = [];
  /** Where the texts of these options are: the name of what they belong to. */
  @property() scope = '';
  /** JSON path of the object in the spec. */
  @property() path = '$';
  /** Names of options that stand elsewhere in the form. */
  @property({ attribute: false }) without: readonly string[] = [];

  /** Whether every option has a value that the schema accepts, as far as it can be told here. */
  get isValid(): boolean {
    return checkOptions(this.plans(), this.value).size === 0;
  }

  override render() {
    const plans = this.plans();
    return plans.length === 0 ? nothing : html`<div class="fields">${plans.map((plan) => this.field(plan))}</div>`;
  }

  private plans(): FieldPlan[] {
    return readSchema(this.schema).filter(({ name }) => !this.without.includes(name));
  }

  private field(plan: FieldPlan) {
    const path = `${this.path}.${plan.name}`;
    const error =
      faultsAt(this.faults, path, this.session.translator) ||
      tellComplaint(this, checkOption(plan, this.value[plan.name]));
    const [label, hint] = [this.titleOf(plan), this.hintOf(plan)];
    if (plan.kind === 'number') return this.number(plan, path, label, hint);
    if (plan.kind === 'boolean' && !plan.nullable) return this.check(plan, path, label, hint, error);
    if (plan.kind === 'choices') return this.choices(plan, path, label, hint, error);
    const input = plan.kind === 'choice' || plan.kind === 'boolean' ? this.select(plan, path) : this.line(plan, path);
    return html`<persopt-field label=${label} hint=${hint} error=${error}>${input}</persopt-field>`;
  }

  private number(plan: FieldPlan, path: string, label: string, hint: string) {
    const value = this.current(plan) as number | null | undefined;
    return html`<persopt-number-field
      data-path=${path}
      label=${label}
      hint=${hint}
      error=${faultsAt(this.faults, path, this.session.translator)}
      placeholder=${plan.nullable ? this.text('form.unset') : ''}
      .rule=${plan.rule}
      .value=${value ?? null}
      @change=${(event: Event) => this.take(event, plan, (event.target as NumberFieldElement).value)}
    ></persopt-number-field>`;
  }

  private check(plan: FieldPlan, path: string, label: string, hint: string, error: string) {
    return html`<label class="check">
      <input
        type="checkbox"
        data-path=${path}
        .checked=${this.current(plan) === true}
        @change=${(event: Event) => this.take(event, plan, (event.target as HTMLInputElement).checked)}
      />
      <span>
        <b>${label}</b>
        ${hint ? html`<bdi dir="auto" class="soft">${hint}</bdi>` : nothing}
        ${error ? html`<bdi dir="auto" class="bad">${error}</bdi>` : nothing}
      </span>
    </label>`;
  }

  private select(plan: FieldPlan, path: string) {
    const choices: readonly Scalar[] = plan.kind === 'boolean' ? [true, false] : plan.choices;
    const chosen = this.current(plan);
    return html`<select
      data-path=${path}
      @change=${(event: Event) => {
        const index = Number((event.target as HTMLSelectElement).value);
        this.take(event, plan, index < 0 ? null : (choices[index] ?? null));
      }}
    >
      ${plan.nullable ? html`<option value="-1" .selected=${chosen === null}>${this.text('form.unset')}</option>` : nothing}
      ${choices.map(
        (choice, index) =>
          html`<option value=${index} .selected=${choice === chosen}>${this.choiceText(plan, choice)}</option>`,
      )}
    </select>`;
  }

  private choices(plan: FieldPlan, path: string, label: string, hint: string, error: string) {
    const chosen = (this.current(plan) ?? []) as readonly Scalar[];
    const toggle = (event: Event, choice: Scalar) => {
      const on = (event.target as HTMLInputElement).checked;
      const next = plan.choices.filter((item) => (item === choice ? on : chosen.includes(item)));
      this.take(event, plan, next);
    };
    return html`<fieldset data-path=${path} tabindex="-1">
      <legend>${label}</legend>
      ${plan.choices.map(
        (choice) =>
          html`<label class="check small"
            ><input type="checkbox" .checked=${chosen.includes(choice)} @change=${(e: Event) => toggle(e, choice)} />
            ${this.choiceText(plan, choice)}</label
          >`,
      )}
      ${hint ? html`<bdi dir="auto" class="soft small">${hint}</bdi>` : nothing}
      ${error ? html`<bdi dir="auto" class="bad">${error}</bdi>` : nothing}
    </fieldset>`;
  }

  /** A text, or several with commas between them. */
  private line(plan: FieldPlan, path: string) {
    const current = this.current(plan);
    const shown = Array.isArray(current) ? current.join(', ') : String(current ?? '');
    const read = (text: string): OptionValue => {
      if (plan.kind === 'text') return text === '' && plan.nullable ? null : text;
      return text
        .split(/[,،]/)
        .map((part) => part.trim())
        .filter(Boolean);
    };
    return html`<input
      data-path=${path}
      dir="auto"
      .value=${shown}
      @change=${(event: Event) => this.take(event, plan, read((event.target as HTMLInputElement).value))}
    />`;
  }

  private current(plan: FieldPlan): OptionValue | undefined {
    const given = this.value[plan.name];
    return given === undefined ? plan.initial : given;
  }

  private take(event: Event, plan: FieldPlan, value: OptionValue): void {
    event.stopPropagation();
    const others = Object.fromEntries(Object.entries(this.value).filter(([name]) => name !== plan.name));
    const isDefault = JSON.stringify(value) === JSON.stringify(plan.initial) && !Number.isNaN(value);
    this.value = isDefault ? others : { ...others, [plan.name]: value };
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }

  private titleOf(plan: FieldPlan): string {
    return this.say(`option.${this.scope}.${plan.name}`) ?? plan.titles[this.formats.language] ?? plan.title;
  }

  private hintOf(plan: FieldPlan): string {
    const { language } = this.formats;
    const hint = this.say(`option.${this.scope}.${plan.name}.hint`) ?? plan.descriptions[language] ?? plan.description;
    return [hint, this.limits(plan)].filter(Boolean).join(' ');
  }

  private limits({ rule }: FieldPlan): string {
    const [min, max] = [rule.min ?? rule.above, rule.max ?? rule.below];
    if (min === undefined || max === undefined) return '';
    const write = (value: number) => writeNumber(value, this.formats);
    return this.text('form.between', { low: write(min), high: write(max) });
  }

  private choiceText(plan: FieldPlan, choice: Scalar): string {
    if (typeof choice === 'boolean') return this.text(choice ? 'form.yes' : 'form.no');
    return this.say(`option.${this.scope}.${plan.name}.${choice}`) ?? String(choice);
  }

  private say(key: string): string | null {
    const { translator } = this.session;
    return translator.has(key) ? translator.text(key satisfies MessageKey) : null;
  }
}
