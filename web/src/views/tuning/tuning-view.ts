import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, query, state } from 'lit/decorators.js';
import { Problem } from '../../api/problem';
import type { Fault, TuneSpec } from '../../api/types';
import type { Complaint } from '../../forms/check';
import { dropDraft, keepDraft, readDraft } from '../../forms/drafts';
import '../../forms/fault-summary';
import type { Entry, FaultSummaryElement } from '../../forms/fault-summary';
import { focusField, withoutFaults } from '../../forms/faults';
import { tellComplaint } from '../../forms/number-field';
import type { MessageKey } from '../../i18n/keys';
import { catalogOf } from '../../state/catalog';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { StudioElement } from '../../ui/element';
import { InSteps } from '../../ui/in-steps';
import { surfaces } from '../../ui/surfaces.css';
import { checkDraft } from './checks';
import { fromSpec, newDraft, toSpec, type Draft } from './draft';
import './goal-section';
import { nameField } from './field-names';
import './output-section';
import './running-tunings';
import type { Patch } from './section';
import './source-section';
import './space-editor';
import './strategy-section';
import './summary';

const FORM = 'tuning';

/**
 * `<persopt-tuning-view>`: the tuning tab. `?from=JOB` fills it in with the spec of a job, `?model=` and `?dataset=`
 * name the two.
 */
@customElement('persopt-tuning-view')
export class TuningViewElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      :host {
        display: block;
        container: tuning / inline-size;
      }
      .layout {
        display: grid;
        grid-template-columns: minmax(0, 1fr) 19rem;
        align-items: start;
        gap: var(--p-7);
      }
      aside {
        position: sticky;
        inset-block-start: var(--p-5);
        display: grid;
        gap: var(--p-6);
      }
      section > h2 {
        margin-block-end: var(--p-5);
      }
      @container tuning (max-width: 60rem) {
        .layout {
          grid-template-columns: minmax(0, 1fr);
          gap: var(--p-6);
        }
        aside {
          position: static;
          padding-block-start: var(--p-6);
          border-block-start: 1px solid var(--p-edge);
        }
      }
    `,
  ];

  @state() private draft: Draft = newDraft();
  @state() private faults: readonly Fault[] = [];
  @state() private error: unknown = null;
  @state() private isBusy = false;
  /** Whether the person has tried to start: from then on what is missing is shown. */
  @state() private isTried = false;
  @query('persopt-fault-summary') private head!: FaultSummaryElement;
  private taken: URLSearchParams | null = null;
  private key = crypto.randomUUID();
  private readonly steps = new InSteps(this);

  protected override sessionReady(session: Session): void {
    this.draft = readDraft(session, FORM, newDraft());
    new Watch(this, session.router.place);
  }

  override willUpdate(): void {
    const { view, query: asked } = this.session.router.place.value;
    if (view !== 'tuning' || asked === this.taken) return;
    this.taken = asked;
    this.prefill(asked);
  }

  override render() {
    const complaints = this.isTried ? checkDraft(this.draft) : new Map<string, Complaint>();
    return html`
      <header class="view-head">
        <h1>${this.text('tuning.title')}</h1>
        <p class="soft">${this.text('tuning.intro')}</p>
      </header>
      <persopt-fault-summary
        .entries=${this.entries(complaints)}
        .error=${this.error}
        @choose=${(event: CustomEvent<string>) => focusField(this.renderRoot, event.detail)}
      ></persopt-fault-summary>
      <div class="layout">
        <form novalidate @submit=${(event: Event) => event.preventDefault()}>
          ${this.steps.of(this.sections(complaints))}
        </form>
        ${this.steps.isDone ? this.aside() : nothing}
      </div>
    `;
  }

  private aside() {
    return html`<aside aria-label=${this.text('tuning.summary')}>
      <persopt-tuning-summary
        .draft=${this.draft}
        ?busy=${this.isBusy}
        @start=${this.start}
        @reset=${this.reset}
      ></persopt-tuning-summary>
      <persopt-running-tunings></persopt-running-tunings>
    </aside>`;
  }

  private sections(complaints: ReadonlyMap<string, Complaint>): TemplateResult[] {
    const { draft, faults } = this;
    return [
      this.section(
        'tuning.source',
        html`<persopt-source-section
          .draft=${draft}
          .faults=${faults}
          .complaints=${complaints}
          @patch=${this.onPatch}
        ></persopt-source-section>`,
      ),
      this.section(
        'tuning.space',
        html`<persopt-space-editor
          .draft=${draft}
          .faults=${faults}
          .complaints=${complaints}
          @patch=${this.onPatch}
        ></persopt-space-editor>`,
      ),
      this.section(
        'tuning.search',
        html`<persopt-strategy-section
          .draft=${draft}
          .faults=${faults}
          .complaints=${complaints}
          @patch=${this.onPatch}
        ></persopt-strategy-section>`,
      ),
      this.section(
        'tuning.goal',
        html`<persopt-goal-section
          .draft=${draft}
          .faults=${faults}
          .complaints=${complaints}
          @patch=${this.onPatch}
        ></persopt-goal-section>`,
      ),
      this.section(
        'tuning.result',
        html`<persopt-output-section
          .draft=${draft}
          .faults=${faults}
          .complaints=${complaints}
          @patch=${this.onPatch}
        ></persopt-output-section>`,
      ),
    ];
  }

  /** Takes over what the address names. */
  private prefill(asked: URLSearchParams): void {
    const [from, model, dataset] = ['from', 'model', 'dataset'].map((name) => asked.get(name));
    if (from) void this.takeJob(from);
    if (model) this.draft = { ...this.draft, model };
    if (dataset && dataset !== this.draft.dataset) {
      this.draft = { ...this.draft, dataset, task: null, detected: null, textColumns: [], labelColumn: null };
    }
  }

  private section(key: MessageKey, content: TemplateResult) {
    return html`<section class="section" aria-labelledby=${key}>
      <h2 id=${key}>${this.text(key)}</h2>
      ${content}
    </section>`;
  }

  private entries(complaints: ReadonlyMap<string, Complaint>): Entry[] {
    const own = [...complaints].map(([path, complaint]) => ({ path, message: tellComplaint(this, complaint) }));
    const told = this.faults.map((fault) => ({ path: fault.path, message: fault.message, hint: fault.hint }));
    return [...own, ...told].map((entry) => ({ ...entry, label: nameField(entry.path, this.session.translator) }));
  }

  private onPatch(event: CustomEvent<Patch>): void {
    const { patch, path } = event.detail;
    this.draft = { ...this.draft, ...patch };
    this.faults = withoutFaults(this.faults, path);
    this.error = null;
    this.key = crypto.randomUUID(); // another body is another request
    keepDraft(this.session, FORM, this.draft);
  }

  private async start(): Promise<void> {
    this.isTried = true;
    this.error = null;
    if (checkDraft(this.draft).size > 0) return this.tellFaults();
    this.isBusy = true;
    this.faults = [];
    try {
      const spec: TuneSpec = { ...toSpec(this.draft), reportLanguage: this.formats.language };
      const job = await this.session.client.start('tune', spec, this.key);
      this.session.jobs.put(job);
      this.session.notices.show(this.text('tuning.started'));
      this.session.router.go(`/jobs/${job.id}`);
    } catch (error) {
      this.error = error;
      if (error instanceof Problem) this.faults = error.faults;
      await this.tellFaults();
    } finally {
      this.isBusy = false;
    }
  }

  private async tellFaults(): Promise<void> {
    await this.updateComplete;
    await this.head.updateComplete;
    this.head.scrollIntoView({ block: 'start' });
    this.head.focus();
  }

  private reset(): void {
    dropDraft(this.session, FORM);
    this.draft = newDraft();
    this.faults = [];
    this.error = null;
    this.isTried = false;
  }

  /** Names model and data set as the pickers do, where they are installed; a job's spec has their whole paths. */
  private async shorten(draft: Draft): Promise<Draft> {
    const { models, datasets } = catalogOf(this.session);
    await Promise.all([models.load(), datasets.load()]);
    const find = (path: string, known: readonly { name: string }[] | null) =>
      known?.find(({ name }) => path === name || path.endsWith(`/${name}`))?.name ?? path;
    const { model, dataset } = draft;
    return { ...draft, model: find(model, models.value.value), dataset: find(dataset, datasets.value.value) };
  }

  /** Begins with the spec of a job. */
  private async takeJob(id: string): Promise<void> {
    try {
      const { spec } = await this.session.jobs.load(id);
      if (spec.kind === 'tune' && spec.baseModelPath) this.draft = await this.shorten(fromSpec(spec as TuneSpec));
      keepDraft(this.session, FORM, this.draft);
    } catch (error) {
      this.error = error;
    }
    const { router } = this.session;
    if (router.place.value.query.get('from') === id) router.go('/tuning', { replace: true });
  }
}
