import { html, nothing, type TemplateResult } from 'lit';
import { property, query, state } from 'lit/decorators.js';
import { Problem } from '../../api/problem';
import type { Fault, Job } from '../../api/types';
import {
  entriesOf,
  faultsAt,
  focusField,
  withoutFaults,
  type FaultSummaryElement,
  type NumberFieldElement,
  type NumberRule,
  type OutputFieldElement,
} from '../../forms';
import type { MessageKey } from '../../i18n/keys';
import { catalogOf } from '../../state/catalog';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { controls } from '../../ui/controls.css';
import { StudioElement } from '../../ui/element';
import { icon } from '../../ui/icons';
import { InSteps } from '../../ui/in-steps';
import { surfaces } from '../../ui/surfaces.css';
import { keepDraft, readDraft } from '../../forms/drafts';
import { readNearest, shortPath } from './drafts';
import { formStyles } from './form.css';

export interface Option {
  value: string;
  label: string;
  hint?: string;
}

/** The fields that the forms of all jobs with one model and one result have. */
export interface BaseDraft {
  model: string;
  /** Null: the suggested folder. */
  output: string | null;
  dataset: string;
}

/**
 * The form of a job: a draft that survives a reload, fields tied to the draft and to the JSON paths of the server's
 * faults, and the start.
 *
 * @fires started with the `Job` in `detail`
 */
export abstract class DraftForm<D extends BaseDraft> extends StudioElement {
  static override styles = [...StudioElement.styles, surfaces, controls, formStyles];

  /** A job whose spec the form begins with. */
  @property({ attribute: false }) from: Job | null = null;
  @state() protected draft!: D;
  @state() protected faults: readonly Fault[] = [];
  @state() private error: unknown = null;
  @state() private sending = false;
  @query('persopt-fault-summary') private summary!: FaultSummaryElement;
  private readonly steps = new InSteps(this);

  /** Groups whose legend the heading beside them says already. */
  protected readonly hiddenLegends: ReadonlySet<string> = new Set();
  protected abstract readonly kind: 'prune' | 'quantize';
  protected abstract initial(): D;
  /** Sends what the draft says. */
  protected abstract send(draft: D, folder: string): Promise<Job>;
  protected abstract readSpec(spec: Job['spec'], short: (path: string) => string): D;
  /** What the field of a path is called, for the summary of faults. */
  protected abstract labelOf(path: string): string;
  /** The parts of the form, always as many; `nothing` for what is not asked now. */
  protected abstract parts(): readonly unknown[];
  /** What will be done, in a sentence. */
  protected abstract promise(): string;

  protected override sessionReady(session: Session): void {
    const catalog = catalogOf(session);
    new Watch(this, catalog.models, catalog.datasets, catalog.contributions);
    void catalog.contributions.load();
    this.draft = readDraft(session, this.kind, this.initial());
  }

  /** Fills the form with what a job was asked to do. */
  begin(job: Job): void {
    const catalog = catalogOf(this.session);
    const names = [...(catalog.models.value.value ?? []), ...(catalog.datasets.value.value ?? [])];
    const short = (path: string) =>
      shortPath(
        path,
        names.map(({ name }) => name),
      );
    this.draft = this.readSpec(job.spec, short);
    this.faults = [];
    keepDraft(this.session, this.kind, this.draft);
  }

  /** Takes over some fields, as a link has them. */
  take(patch: Partial<D>): void {
    this.draft = { ...this.draft, ...patch };
    keepDraft(this.session, this.kind, this.draft);
  }

  override render() {
    const label = (path: string) => this.labelOf(path);
    const entries = this.faults.length > 0 ? entriesOf(new Problem(422, 'bad-value', '', this.faults), label) : [];
    return html`
      <form novalidate @submit=${this.submit}>
        <persopt-fault-summary
          .entries=${entries}
          .error=${this.error instanceof Problem && this.error.faults.length > 0 ? null : this.error}
          @choose=${(event: CustomEvent<string>) => focusField(this.renderRoot, event.detail)}
        ></persopt-fault-summary>
        ${this.nearest()} ${this.steps.of(this.parts())} ${this.steps.isDone ? this.start() : nothing}
      </form>
    `;
  }

  private start() {
    return html`<div class="start">
      <p>${this.promise()}</p>
      <button class="button quiet" type="button" @click=${this.clear}>${this.text('make.clear')}</button>
      <button class="button primary" type="submit" aria-disabled=${this.sending}>
        ${icon('play')}${this.text(this.sending ? 'make.starting' : 'make.start')}
      </button>
    </div>`;
  }

  /* Parts of forms. */

  protected section(heading: string, text: string, fields: unknown): TemplateResult {
    return html`<section class="part">
      <header>
        <h2>${heading}</h2>
        ${text ? html`<p>${text}</p>` : nothing}
      </header>
      <div>${fields}</div>
    </section>`;
  }

  protected number(
    name: keyof D & string,
    path: string,
    label: string,
    rule: NumberRule,
    { hint = '', placeholder = '' } = {},
  ): TemplateResult {
    return html`<persopt-number-field
      data-path=${path}
      label=${label}
      hint=${hint}
      placeholder=${placeholder}
      error=${this.at(path)}
      .rule=${rule}
      .value=${this.draft[name] as number | null}
      @change=${(event: Event) => this.put(name, (event.target as NumberFieldElement).value as D[typeof name], path)}
    ></persopt-number-field>`;
  }

  protected select(
    name: keyof D & string,
    path: string,
    label: string,
    options: readonly Option[],
    hint = '',
  ): TemplateResult {
    const chosen = String(this.draft[name]);
    return html`<persopt-field label=${label} hint=${hint} error=${this.at(path)}>
      <select
        data-path=${path}
        @change=${(event: Event) => this.put(name, (event.target as HTMLSelectElement).value as D[typeof name], path)}
      >
        ${options.map(
          (option) => html`<option value=${option.value} .selected=${option.value === chosen}>${option.label}</option>`,
        )}
      </select>
    </persopt-field>`;
  }

  protected radios(name: keyof D & string, path: string, legend: string, options: readonly Option[]): TemplateResult {
    const error = this.at(path);
    return html`<fieldset data-path=${path} tabindex="-1">
      <legend class=${this.hiddenLegends.has(name) ? 'visually-hidden' : ''}>${legend}</legend>
      <div class="choices">
        ${options.map(
          ({ value, label, hint }) =>
            html`<label class="choice">
              <input
                type="radio"
                name=${name}
                .value=${value}
                .checked=${this.draft[name] === value}
                aria-invalid=${error ? 'true' : nothing}
                @change=${() => this.put(name, value as D[typeof name], path)}
              />
              <span><b>${label}</b>${hint ? html`<span>${hint}</span>` : nothing}</span>
            </label>`,
        )}
      </div>
      ${error ? html`<bdi class="error" dir="auto">${error}</bdi>` : nothing}
    </fieldset>`;
  }

  protected check(name: keyof D & string, path: string, label: string, hint = ''): TemplateResult {
    const error = this.at(path);
    return html`<label class="check">
      <input
        type="checkbox"
        data-path=${path}
        .checked=${this.draft[name] === true}
        @change=${(event: Event) => this.put(name, (event.target as HTMLInputElement).checked as D[typeof name], path)}
      />
      <span
        ><b>${label}</b>${hint ? html`<span>${hint}</span>` : nothing}
        ${error ? html`<bdi class="error" dir="auto">${error}</bdi>` : nothing}</span
      >
    </label>`;
  }

  /** Names or patterns with commas between them. */
  protected line(name: keyof D & string, path: string, label: string, hint = '', placeholder = ''): TemplateResult {
    return html`<persopt-field label=${label} hint=${hint} error=${this.at(path)} optional>
      <input
        data-path=${path}
        dir="ltr"
        spellcheck="false"
        autocomplete="off"
        placeholder=${placeholder}
        .value=${String(this.draft[name] ?? '')}
        @change=${(event: Event) => this.put(name, (event.target as HTMLInputElement).value as D[typeof name], path)}
      />
    </persopt-field>`;
  }

  protected at(path: string): string {
    return faultsAt(this.faults, path, this.session.translator);
  }

  protected put<K extends keyof D>(name: K, value: D[K], path: string): void {
    this.draft = { ...this.draft, [name]: value };
    this.faults = withoutFaults(this.faults, path);
    keepDraft(this.session, this.kind, this.draft);
  }

  /** A button for what the server calls the nearest thing that can be done. */
  private nearest() {
    const found = this.faults.map(({ hint }) => readNearest(hint)).find((patch) => Object.keys(patch).length > 0);
    if (!found) return nothing;
    const told = Object.entries(found).map(([name, value]) => `${name} = ${value}`);
    const known = Object.entries(found).filter(([name]) => name in this.draft);
    if (known.length === 0) return nothing;
    return html`<p>
      <button class="button" type="button" @click=${() => this.useNearest(known)}>
        ${this.text('make.nearest')} <bdi dir="ltr">${told.join(', ')}</bdi>
      </button>
    </p>`;
  }

  private useNearest(values: readonly (readonly [string, string])[]): void {
    const patch = values.map(([name, value]) => [name, value === 'true' ? true : value === 'false' ? false : value]);
    this.take(Object.fromEntries(patch) as Partial<D>);
    this.faults = this.faults.filter(({ hint }) => Object.keys(readNearest(hint)).length === 0);
  }

  private readonly clear = (): void => {
    this.draft = this.initial();
    this.faults = [];
    this.error = null;
    keepDraft(this.session, this.kind, this.draft);
  };

  private readonly submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.sending) return;
    this.error = null;
    this.faults = this.missing();
    if (this.faults.length > 0) return this.point();
    this.sending = true;
    try {
      const output = this.renderRoot.querySelector<OutputFieldElement>('persopt-output-field');
      const job = await this.send(this.draft, output?.folder ?? '');
      this.session.jobs.put(job);
      this.dispatchEvent(new CustomEvent('started', { detail: job }));
    } catch (error) {
      this.error = error;
      this.faults = error instanceof Problem ? error.faults : [];
      void this.point();
    } finally {
      this.sending = false;
    }
  };

  /** What need not be asked of the server. */
  private missing(): Fault[] {
    const message = this.text('form.required');
    if (this.draft.model.trim()) return [];
    return [{ path: '$.modelPath', message, hint: '', code: 'bad-value', passing: false }];
  }

  private async point(): Promise<void> {
    await this.updateComplete;
    await this.summary.updateComplete;
    this.summary.focus();
  }

  protected key(key: string): MessageKey {
    return key as MessageKey;
  }
}
