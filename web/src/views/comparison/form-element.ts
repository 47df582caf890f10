import { html } from 'lit';
import { query, state } from 'lit/decorators.js';
import { Problem } from '../../api/problem';
import type { Fault, Job } from '../../api/types';
import {
  checkNumber,
  entriesOf,
  type Entry,
  faultsAt,
  type FaultSummaryElement,
  focusField,
  type NumberFieldElement,
  type NumberRule,
  withoutFaults,
} from '../../forms';
import { keepDraft, readDraft } from '../../forms/drafts';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { controls } from '../../ui/controls.css';
import { ComparisonElement } from './comparison-element';
import { formStyles } from './form.css';
import { jobModels } from './job-models';

/** What the two forms of the tab share: the draft, what is wrong with it, starting its job, and its plain fields. */
export abstract class FormElement<Draft extends object> extends ComparisonElement {
  static override styles = [...ComparisonElement.styles, controls, formStyles];

  protected abstract readonly form: string;
  protected abstract readonly fresh: Draft;
  protected abstract readonly rules: Readonly<Partial<Record<keyof Draft & string, NumberRule>>>;

  @state() protected draft!: Draft;
  @state() protected faults: readonly Fault[] = [];
  @state() private entries: readonly Entry[] = [];
  @state() private error: unknown = null;
  @state() protected starting = false;
  @query('persopt-fault-summary') private summary!: FaultSummaryElement;
  protected jobs!: ReturnType<typeof jobModels>;
  private key = crypto.randomUUID();

  /** What it begins with instead of what stood there last, such as the spec of a job. */
  abstract given: Partial<Draft> | null;

  protected override sessionReady(session: Session): void {
    super.sessionReady(session);
    void session.translator.load('forms');
    this.jobs = jobModels(session);
    new Watch(this, this.jobs);
    void this.jobs.load();
    this.draft = { ...readDraft(session, this.form, this.fresh), ...this.given };
    if (this.given) keepDraft(session, this.form, this.draft);
  }

  /** Starts the job; throws what the client throws. */
  protected abstract send(key: string): Promise<Job>;
  /** What is wrong besides numbers: path and message. */
  protected abstract check(): Iterable<readonly [string, string]>;
  /** What the field of a path is called. */
  protected abstract fieldName(path: string): string;

  protected put(change: Partial<Draft>, path: string): void {
    this.draft = { ...this.draft, ...change };
    if (path) this.faults = withoutFaults(this.faults, path);
    this.key = crypto.randomUUID();
    keepDraft(this.session, this.form, this.draft);
  }

  protected errorAt(path: string): string {
    return faultsAt(this.faults, path, this.session.translator);
  }

  protected get summaryPart() {
    return html`<persopt-fault-summary
      .entries=${this.entries}
      .error=${this.error}
      @choose=${(event: CustomEvent<string>) => focusField(this.renderRoot, event.detail)}
    ></persopt-fault-summary>`;
  }

  protected number(name: keyof Draft & string, label: string, hint = '', placeholder = '') {
    const path = `$.${name}`;
    return html`<persopt-number-field
      data-path=${path}
      label=${label}
      hint=${hint}
      placeholder=${placeholder}
      error=${this.errorAt(path)}
      .rule=${this.rules[name] ?? {}}
      .value=${this.draft[name]}
      @change=${(event: Event) => this.put({ [name]: (event.target as NumberFieldElement).value } as Partial<Draft>, path)}
    ></persopt-number-field>`;
  }

  protected words(
    name: keyof Draft & string,
    label: string,
    hint: string,
    dir: 'ltr' | 'auto' = 'ltr',
    placeholder = '',
  ) {
    const path = `$.${name}`;
    return html`<persopt-field label=${label} hint=${hint} error=${this.errorAt(path)} optional>
      <input
        data-path=${path}
        dir=${dir}
        maxlength="200"
        placeholder=${placeholder}
        .value=${this.draft[name]}
        @input=${(event: Event) => this.put({ [name]: (event.target as HTMLInputElement).value } as Partial<Draft>, path)}
      />
    </persopt-field>`;
  }

  protected tick(name: keyof Draft & string, label: string) {
    return html`<label class="check"
      ><input
        type="checkbox"
        .checked=${Boolean(this.draft[name])}
        @change=${(event: Event) => this.put({ [name]: (event.target as HTMLInputElement).checked } as Partial<Draft>, `$.${name}`)}
      /><span>${label}</span></label
    >`;
  }

  protected readonly start = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (this.starting) return;
    const { session } = this;
    this.error = null;
    this.entries = [...this.complaints()];
    this.faults = this.entries.map(({ path, message }) => ({ path, message, code: 'form', hint: '', passing: false }));
    if (this.entries.length > 0) return this.showFaults();
    this.starting = true;
    try {
      const job = await this.send(this.key);
      session.jobs.put(job);
      session.router.go(`/comparison/${job.id}`);
    } catch (error) {
      this.error = error;
      this.faults = error instanceof Problem ? error.faults : [];
      this.entries = entriesOf(error, (path) => this.fieldName(path));
      await this.showFaults();
    } finally {
      this.starting = false;
    }
  };

  private *complaints(): Generator<Entry> {
    for (const [path, message] of this.check()) yield { path, label: this.fieldName(path), message };
    for (const [name, rule] of Object.entries(this.rules) as [keyof Draft & string, NumberRule][]) {
      const complaint = checkNumber(this.draft[name] as number | null, rule);
      const path = `$.${name}`;
      if (complaint) {
        const message = this.text(complaint.key, { limit: complaint.limit ?? 0 });
        yield { path, label: this.fieldName(path), message };
      }
    }
  }

  private async showFaults(): Promise<void> {
    for (const details of this.renderRoot.querySelectorAll('details')) {
      const holdsFault = [...details.querySelectorAll<HTMLElement>('[data-path]')].some(
        (field) => this.errorAt(field.dataset['path'] ?? '') !== '',
      );
      if (holdsFault) details.open = true;
    }
    await this.updateComplete;
    await this.summary.updateComplete;
    this.summary.scrollIntoView({ block: 'start' });
    this.summary.focus();
  }
}
