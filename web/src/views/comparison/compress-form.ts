import { html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import '../../forms';
import type { OutputFieldElement } from '../../forms';
import { catalogOf } from '../../state/catalog';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { icon } from '../../ui/icons';
import { type CompressDraft, compressSpec, NEW_COMPRESS, TECHNIQUES } from './drafts';
import { FormElement } from './form-element';
import { offerJobs } from './job-models';
import './segments';
import type { SegmentsElement } from './segments';

const CONTRIBUTIONS = { methods: 'pruning-method', backends: 'quantization-backend' } as const;

/** `<persopt-compress-form>`: which model, on what data, to which target. */
@customElement('persopt-compress-form')
export class CompressFormElement extends FormElement<CompressDraft> {
  protected override readonly form = 'compress';
  protected override readonly fresh = NEW_COMPRESS;
  protected override readonly rules = {
    maxAccuracyDrop: { min: 0, required: true },
    confidence: { min: 50, below: 100 },
    maxSize: { above: 0 },
    maxLatency: { above: 0 },
    budget: { above: 0 },
    maxCandidates: { min: 1, integer: true, required: true },
    maxEpochs: { min: 1, integer: true },
    latencyBatchSize: { min: 1, integer: true },
    latencyLength: { min: 1, integer: true },
    seconds: { above: 0 },
    threads: { min: 1, integer: true },
  };

  @property({ attribute: false }) override given: Partial<CompressDraft> | null = null;
  /** Whether the server also takes how sure one wants to be that the limit is kept. */
  @state() private sure = false;

  protected override sessionReady(session: Session): void {
    super.sessionReady(session);
    const { contributions } = catalogOf(session);
    new Watch(this, contributions);
    void contributions.load();
    void takesConfidence(session).then((sure) => (this.sure = sure));
  }

  override render() {
    if (!this.isReady) return nothing;
    const { draft } = this;
    return html`
      ${this.summaryPart}
      <form @submit=${this.start} novalidate>
        <section>
          <header>
            <h2>${this.text('comparison.form.what')}</h2>
            <p>${this.text('comparison.form.what.note')}</p>
          </header>
          <div class="fields">
            <persopt-model-picker
              data-path="$.modelPath"
              error=${this.errorAt('$.modelPath')}
              .value=${draft.model}
              .more=${offerJobs(this.jobs.value.value ?? [], 'path', this)}
              @change=${(event: Event) => this.put({ model: (event.target as HTMLInputElement).value }, '$.modelPath')}
            ></persopt-model-picker>
            <persopt-dataset-picker
              data-path="$.datasetPath"
              error=${this.errorAt('$.datasetPath')}
              .value=${draft.dataset}
              @change=${(event: Event) => this.put({ dataset: (event.target as HTMLInputElement).value }, '$.datasetPath')}
            ></persopt-dataset-picker>
          </div>
        </section>
        <section>
          <header>
            <h2>${this.text('comparison.form.target')}</h2>
            <p>${this.text('comparison.form.target.note')}</p>
          </header>
          <div class="fields">${this.target()}</div>
        </section>
        <details>
          <summary>${this.text('comparison.form.more.compress')}</summary>
          ${this.more()}
        </details>
        <div class="foot">
          <button class="button primary" ?disabled=${this.starting}>
            ${icon('play')}${this.text('comparison.form.start.compress')}
          </button>
          <p>${this.plan()}</p>
        </div>
      </form>
    `;
  }

  private target() {
    const { draft } = this;
    return html`
      <div>
        <persopt-segments
          label=${this.text('comparison.form.minimize')}
          .options=${(['latency', 'size'] as const).map((name) => ({ name, label: this.text(`comparison.form.minimize.${name}`) }))}
          .chosen=${draft.minimize}
          @change=${(event: Event) =>
            this.put({ minimize: (event.target as SegmentsElement).chosen as CompressDraft['minimize'] }, '$.minimize')}
        ></persopt-segments>
      </div>
      <div class="pair two">
        ${this.number('maxAccuracyDrop', this.text('comparison.form.maxAccuracyDrop'), this.text('comparison.form.maxAccuracyDrop.hint'))}
        ${
          this.sure
            ? this.number(
                'confidence',
                this.text('comparison.form.sure'),
                this.text('comparison.form.sure.hint'),
                this.formats.number(80),
              )
            : nothing
        }
        ${this.number('budget', this.text('comparison.form.budget'), this.text('comparison.form.budget.hint'), this.text('comparison.form.unlimited'))}
        ${this.number('maxSize', this.text('comparison.form.maxSize'), '', this.text('comparison.form.unlimited'))}
        ${this.number('maxLatency', this.text('comparison.form.maxLatency'), '', this.text('comparison.form.unlimited'))}
      </div>
    `;
  }

  private more() {
    const { draft } = this;
    return html`
      <section>
        <header>
          <h2>${this.text('comparison.form.recipes')}</h2>
          <p>${this.text('comparison.form.recipes.note')}</p>
        </header>
        <div class="fields">
          ${this.choices(
            'techniques',
            TECHNIQUES.map((name) => [name, this.text(`comparison.technique.${name}`)] as const),
          )}
          ${draft.techniques.includes('pruning') ? this.choices('methods', this.contributed('methods')) : nothing}
          ${draft.techniques.includes('quantization') ? this.choices('backends', this.contributed('backends')) : nothing}
          <div class="pair">
            ${this.number('maxCandidates', this.text('comparison.form.maxCandidates'))}
            ${this.number('maxEpochs', this.text('comparison.form.maxEpochs'), this.text('comparison.form.maxEpochs.hint'))}
            <persopt-field label=${this.text('comparison.form.strategy')} error=${this.errorAt('$.strategy')}>
              <select
                data-path="$.strategy"
                @change=${(event: Event) => this.put({ strategy: (event.target as HTMLSelectElement).value }, '$.strategy')}
              >
                ${this.offered('sampling-strategy').map(
                  ([name, title]) => html`<option value=${name} .selected=${name === draft.strategy}>${title}</option>`,
                )}
              </select>
            </persopt-field>
          </div>
        </div>
      </section>
      <section>
        <header>
          <h2>${this.text('comparison.form.timing')}</h2>
          <p>${this.text('comparison.form.timing.note')}</p>
        </header>
        <div class="fields">
          <div class="pair two">
            ${this.number('latencyBatchSize', this.text('comparison.form.latencyBatchSize'))}
            ${this.number('latencyLength', this.text('comparison.form.latencyLength'), '', this.formats.number(128))}
            ${this.number('seconds', this.text('comparison.form.seconds'), this.text('comparison.form.seconds.hint.each'))}
            ${this.number('threads', this.text('comparison.form.threads'), '', this.text('comparison.form.all'))}
          </div>
          ${this.tick('measureMemory', this.text('comparison.form.memory.chosen'))}
          <persopt-output-field
            data-path="$.outputPath"
            optional
            suffix="fast"
            error=${this.errorAt('$.outputPath')}
            .model=${draft.model}
            .value=${draft.output}
            @change=${(event: Event) => this.put({ output: (event.target as OutputFieldElement).value }, '$.outputPath')}
          ></persopt-output-field>
          ${this.words('name', this.text('comparison.form.name'), '', 'auto')}
        </div>
      </section>
    `;
  }

  /** Boxes to tick; none of the methods and backends ticked means all of them. */
  private choices(name: 'techniques' | 'methods' | 'backends', offered: readonly (readonly [string, string])[]) {
    const chosen: readonly string[] = this.draft[name];
    const path = `$.${name}`;
    const error = this.errorAt(path);
    const toggle = (value: string, isOn: boolean) => {
      const next = isOn ? [...chosen, value] : chosen.filter((known) => known !== value);
      const inOrder = offered.map(([known]) => known).filter((known) => next.includes(known));
      this.put({ [name]: inOrder }, path);
    };
    return html`<fieldset>
      <legend>${this.text(`comparison.form.${name}`)}</legend>
      <div class="choices">
        ${offered.map(
          ([value, title], place) =>
            html`<label class="check"
              ><input
                type="checkbox"
                data-path=${place === 0 ? path : nothing}
                .checked=${chosen.includes(value)}
                @change=${(event: Event) => toggle(value, (event.target as HTMLInputElement).checked)}
              /><span>${title}</span></label
            >`,
        )}
      </div>
      ${error ? html`<p class="bad small" role="alert">${error}</p>` : nothing}
    </fieldset>`;
  }

  private contributed(name: 'methods' | 'backends'): (readonly [string, string])[] {
    return this.offered(CONTRIBUTIONS[name]);
  }

  private offered(kind: string): (readonly [string, string])[] {
    const { contributions } = catalogOf(this.session);
    const found = (contributions.value.value ?? []).filter((one) => one.kind === kind);
    return found.map(({ name, title }) => [name, title[this.formats.language] ?? title['en'] ?? name] as const);
  }

  private plan(): string {
    const { draft, formats } = this;
    if (!draft.model || !draft.dataset) return this.text('comparison.form.plan.nothing');
    const least = this.text(`comparison.form.plan.${draft.minimize}`, {
      drop: this.text('comparison.points', { number: formats.number(draft.maxAccuracyDrop ?? 0) }),
    });
    const time =
      draft.budget === null
        ? this.text('comparison.form.plan.candidates', { count: draft.maxCandidates ?? 0 })
        : this.text('comparison.form.plan.budget', {
            time: formats.duration(draft.budget * 60),
            count: draft.maxCandidates ?? 0,
          });
    return `${least} ${time}`;
  }

  protected override async send(key: string) {
    const { draft, session } = this;
    return session.client.start('compress', compressSpec(draft, draft.output ?? ''), key);
  }

  protected override *check(): Generator<readonly [string, string]> {
    const { draft } = this;
    if (!draft.model) yield ['$.modelPath', this.text('form.required')];
    if (!draft.dataset) yield ['$.datasetPath', this.text('form.required')];
    if (draft.techniques.length === 0) yield ['$.techniques', this.text('comparison.form.techniques.none')];
  }

  protected override fieldName(path: string): string {
    if (path.startsWith('$.modelPath')) return this.text('forms.model');
    if (path.startsWith('$.datasetPath')) return this.text('forms.dataset');
    if (path.startsWith('$.outputPath')) return this.text('forms.output');
    if (path.startsWith('$.confidence')) return this.text('comparison.form.sure');
    const name = `comparison.form.${path.replace(/^\$\.(\w+).*$/, '$1')}`;
    return this.translator.has(name) ? this.text(name) : path.replace(/^\$\./, '');
  }
}

/** Whether a server's compressions take a confidence: those of other versions may not. */
async function takesConfidence(session: Session): Promise<boolean> {
  interface Document {
    components?: { schemas?: { CompressSpec?: { properties?: Record<string, unknown> } } };
  }
  try {
    const { components } = await session.client.get<Document>('/openapi.json');
    return 'confidence' in (components?.schemas?.CompressSpec?.properties ?? {});
  } catch {
    return false;
  }
}
