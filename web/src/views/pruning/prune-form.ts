import { html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Job, PruneSpec } from '../../api/types';
import type { ModelPickerElement, Options, OutputFieldElement, Schema, SchemaFormElement } from '../../forms';
import { catalogOf } from '../../state/catalog';
import { DataForm } from '../making/data-form';
import type { Option } from '../making/draft-form';
import {
  dataReasons,
  FIRST_DRAFT,
  fromSpec,
  isTrained,
  toSpec,
  trainsWhilePruning,
  trimsVocabulary,
  type PruneDraft,
} from './prune-draft';

const SHARE = { min: 0, below: 1 };
const COUNT = { min: 1, integer: true };
const EPOCHS = { min: 0 };
const PATTERNS = ['2:4', '4:8', '1:4', '1:2'];

/** `<persopt-prune-form>`: what to prune, how, and how much. */
@customElement('persopt-prune-form')
export class PruneFormElement extends DataForm<PruneDraft> {
  protected override readonly kind = 'prune';
  protected override readonly hiddenLegends = new Set(['what', 'method']);

  override willUpdate(): void {
    // Nothing in the form wanted data, so none were sent: they are missing.
    const asks = this.faults.some(({ path }) => path === '$.datasetPath');
    if (asks && dataReasons(this.draft).length === 0) this.take({ isAsked: true });
  }

  protected override put<K extends keyof PruneDraft>(name: K, value: PruneDraft[K], path: string): void {
    super.put(name, value, path);
    if (name === 'method' || name === 'what') this.take({ isAsked: false });
  }

  protected override initial(): PruneDraft {
    return FIRST_DRAFT;
  }

  protected override send(draft: PruneDraft, folder: string): Promise<Job> {
    return this.session.client.start('prune', toSpec(draft, folder));
  }

  protected override readSpec(spec: Job['spec'], short: (path: string) => string): PruneDraft {
    return fromSpec(spec as PruneSpec, short);
  }

  protected override labelOf(path: string): string {
    const name = path.replace(/^\$\.(config\.|training\.)?/, '').replace(/[.[].*$/, '');
    const key = `pruning.field.${name}`;
    return this.session.translator.has(key) ? this.text(key) : name;
  }

  protected override promise(): string {
    const { draft, formats } = this;
    const model = draft.model ? `\u2066${draft.model}\u2069` : this.text('pruning.promise.model');
    const values = { model, share: formats.percent(draft.sparsity ?? 0.5, 0), pattern: draft.pattern };
    if (draft.what === 'vocabulary') return this.text('pruning.promise.vocabulary', values);
    if (draft.what === 'units') {
      return this.text(draft.by === 'ratios' ? 'pruning.promise.ratios' : 'pruning.promise.units', values);
    }
    return this.text(draft.by === 'pattern' ? 'pruning.promise.pattern' : 'pruning.promise.weights', values);
  }

  protected override parts(): unknown[] {
    const { what } = this.draft;
    const method = this.section(this.text('pruning.method'), this.text('pruning.method.text'), this.method());
    return [
      this.section(this.text('make.model'), this.text('pruning.model.text'), this.models()),
      this.section(this.text('pruning.what'), this.text('pruning.what.text'), this.what()),
      what === 'vocabulary' ? nothing : method,
      what === 'vocabulary'
        ? nothing
        : this.section(this.text('pruning.amount'), this.text(`pruning.amount.text.${what}`), this.amount()),
      this.section(this.text('pruning.data'), this.text('pruning.data.text'), this.data()),
      html`<details>
        <summary>${this.text('make.more')}</summary>
        ${this.section(this.text('make.running'), '', this.more())}
      </details>`,
    ];
  }

  private models() {
    const { draft } = this;
    return html`
      <persopt-model-picker
        data-path="$.modelPath"
        error=${this.at('$.modelPath')}
        .value=${draft.model}
        @change=${(event: Event) => this.put('model', (event.target as ModelPickerElement).value, '$.modelPath')}
      ></persopt-model-picker>
      <persopt-output-field
        data-path="$.outputPath"
        suffix="pruned"
        model=${draft.model}
        error=${this.at('$.outputPath')}
        .value=${draft.output}
        @change=${(event: Event) => this.put('output', (event.target as OutputFieldElement).value, '$.outputPath')}
      ></persopt-output-field>
    `;
  }

  private what() {
    const options = (['weights', 'units', 'vocabulary'] as const).map((value) => ({
      value,
      label: this.text(`pruning.what.${value}`),
      hint: this.text(`pruning.what.${value}.hint`),
    }));
    return html`
      ${this.radios('what', '$.config.structured', this.text('pruning.field.structured'), options)}
      ${
        this.draft.what === 'vocabulary'
          ? nothing
          : this.check(
              'vocabulary',
              '$.config.vocabulary',
              this.text('pruning.vocabulary.too'),
              this.text('pruning.vocabulary.too.hint'),
            )
      }
      ${
        trimsVocabulary(this.draft)
          ? html`<div class="pair">
                ${this.number('minCount', '$.config.vocabulary.minCount', this.text('pruning.field.minCount'), COUNT, { hint: this.text('pruning.field.minCount.hint') })}
                ${this.number('maxSize', '$.config.vocabulary.maxSize', this.text('pruning.field.maxSize'), COUNT, { placeholder: this.text('make.unlimited') })}
              </div>
              ${this.check('keepSingleCharacters', '$.config.vocabulary.keepSingleCharacters', this.text('pruning.field.keepSingleCharacters'), this.text('pruning.field.keepSingleCharacters.hint'))}`
          : nothing
      }
    `;
  }

  private method() {
    const { draft } = this;
    const found = (catalogOf(this.session).contributions.value.value ?? []).filter(
      ({ kind }) => kind === 'pruning-method',
    );
    found.sort((one, other) => Number(other.name === FIRST_DRAFT.method) - Number(one.name === FIRST_DRAFT.method));
    const titles: Option[] = found.map(({ name, title }) => {
      const key = `pruning.method.${name}`;
      return {
        value: name,
        label: (title as Record<string, string>)[this.formats.language] ?? name,
        hint: this.session.translator.has(key) ? this.text(key) : '',
      };
    });
    const chosen = found.find(({ name }) => name === draft.method);
    return html`
      ${
        titles.length === 0
          ? html`<persopt-state kind="loading"></persopt-state>`
          : this.radios('method', '$.config.method', this.text('pruning.field.method'), titles)
      }
      ${
        chosen
          ? html`<persopt-schema-form
              data-path="$.config.methodOptions"
              path="$.config.methodOptions"
              scope=${chosen.name}
              .schema=${chosen.options as Schema}
              .value=${draft.methodOptions}
              .faults=${this.faults}
              @change=${(event: Event) =>
                this.put(
                  'methodOptions',
                  (event.target as SchemaFormElement).value as Options,
                  '$.config.methodOptions',
                )}
            ></persopt-schema-form>`
          : nothing
      }
    `;
  }

  private amount() {
    const { draft } = this;
    const units = draft.what === 'units';
    const ways = (units ? (['sparsity', 'ratios'] as const) : (['sparsity', 'pattern'] as const)).map((value) => ({
      value,
      label: this.text(`pruning.by.${value}`),
      hint: this.text(`pruning.by.${value}.hint`),
    }));
    const by = ways.some(({ value }) => value === draft.by) ? draft.by : 'sparsity';
    return html`
      ${this.radios('by', '$.config.by', this.text('pruning.by'), ways)}
      ${by === 'sparsity' ? this.sparsity(units) : by === 'pattern' ? this.pattern() : this.ratios()}
      ${units ? this.number('multipleOf', '$.config.multipleOf', this.text('pruning.field.multipleOf'), COUNT, { hint: this.text('pruning.field.multipleOf.hint') }) : nothing}
    `;
  }

  private sparsity(units: boolean) {
    const scopes = ['', 'tensor', 'row', 'global'].map((value) => ({
      value,
      label: this.text(this.key(`pruning.scope.${value || 'default'}`)),
    }));
    return html`
      <persopt-slider-field
        data-path="$.config.sparsity"
        percent
        label=${this.text('pruning.field.sparsity')}
        hint=${this.text(units ? 'pruning.field.sparsity.units' : 'pruning.field.sparsity.weights')}
        error=${this.at('$.config.sparsity')}
        .value=${this.draft.sparsity}
        .low=${0}
        .high=${0.99}
        @change=${(event: Event) => this.put('sparsity', (event.target as HTMLElement & { value: number | null }).value, '$.config.sparsity')}
      ></persopt-slider-field>
      ${units ? nothing : this.select('scope', '$.config.scope', this.text('pruning.field.scope'), scopes, this.text('pruning.field.scope.hint'))}
    `;
  }

  private pattern() {
    const { draft } = this;
    const error = this.at('$.config.pattern');
    return html`<persopt-field
      label=${this.text('pruning.field.pattern')}
      hint=${this.text('pruning.field.pattern.hint')}
      error=${error}
    >
      <input
        data-path="$.config.pattern"
        dir="ltr"
        list="patterns"
        .value=${draft.pattern}
        @change=${(event: Event) => this.put('pattern', (event.target as HTMLInputElement).value, '$.config.pattern')}
      />
      <datalist id="patterns">${PATTERNS.map((pattern) => html`<option value=${pattern}></option>`)}</datalist>
    </persopt-field>`;
  }

  private ratios() {
    const rules = (['importance', 'evenly', 'alternate', 'first'] as const).map((value) => ({
      value,
      label: this.text(`pruning.rule.${value}`),
    }));
    const ratio = (name: 'heads' | 'feedForward' | 'hidden' | 'layers') =>
      this.number(name, `$.config.ratios.${name}`, this.text(`pruning.field.${name}`), SHARE, {
        hint: this.text(`pruning.field.${name}.hint`),
      });
    return html`
      <div class="pair">${ratio('heads')} ${ratio('feedForward')} ${ratio('hidden')} ${ratio('layers')}</div>
      <div class="pair">
        ${this.select('layerRule', '$.config.layerRule', this.text('pruning.field.layerRule'), rules)}
        ${this.line('keepLayers', '$.config.keepLayers', this.text('pruning.field.keepLayers'), this.text('pruning.field.keepLayers.hint'), '0, 1, 4, 5')}
      </div>
    `;
  }

  private data() {
    const { draft } = this;
    const reasons = dataReasons(draft);
    return html`
      ${
        draft.what === 'vocabulary'
          ? nothing
          : this.check('trains', '$.training', this.text('pruning.trains'), this.text('pruning.trains.hint'))
      }
      ${
        reasons.length > 0
          ? html`${this.datasetFields(reasons.map((key) => this.text(key)).join(' '))}
            ${isTrained(draft) ? this.training() : nothing}`
          : html`<p class="soft small">${this.text('pruning.data.none')}</p>`
      }
    `;
  }

  private training() {
    const { draft } = this;
    const schedules = (['cubic', 'linear'] as const).map((value) => ({
      value,
      label: this.text(`pruning.schedule.${value}`),
    }));
    const auto = { placeholder: this.text('form.unset') };
    return html`
      ${draft.trains ? this.check('gradual', '$.config.gradual', this.text('pruning.field.gradual'), this.text('pruning.field.gradual.hint')) : nothing}
      ${
        trainsWhilePruning(draft)
          ? html`<div class="pair">
              ${this.select('schedule', '$.training.schedule', this.text('pruning.field.schedule'), schedules)}
              ${this.number('pruningSteps', '$.training.pruningSteps', this.text('pruning.field.pruningSteps'), COUNT, auto)}
              ${this.number('pruningEpochs', '$.training.pruningEpochs', this.text('pruning.field.pruningEpochs'), EPOCHS, auto)}
            </div>`
          : nothing
      }
      <div class="pair">
        ${this.number('recoveryEpochs', '$.training.recoveryEpochs', this.text('pruning.field.recoveryEpochs'), EPOCHS, { ...auto, hint: this.text('pruning.field.recoveryEpochs.hint') })}
        ${this.number('learningRate', '$.training.learningRate', this.text('pruning.field.learningRate'), { above: 0 })}
        ${this.number('timeLimit', '$.training.timeLimit', this.text('pruning.field.timeLimit'), { above: 0 }, { placeholder: this.text('make.unlimited') })}
      </div>
      ${this.check('distill', '$.training.distill', this.text('pruning.field.distill'), this.text('pruning.field.distill.hint'))}
      ${
        draft.distill
          ? html`<div class="pair">
              ${this.number('distillTemperature', '$.training.distillTemperature', this.text('pruning.field.distillTemperature'), { above: 0 })}
              ${this.number('distillWeight', '$.training.distillWeight', this.text('pruning.field.distillWeight'), { min: 0, max: 1 })}
            </div>`
          : nothing
      }
    `;
  }

  private more() {
    const { draft } = this;
    const weights = draft.what === 'weights';
    const latencies = ['', 'yes', 'no'].map((value) => ({
      value,
      label: this.text(this.key(`pruning.latency.${value || 'default'}`)),
    }));
    const devices = ['auto', 'cpu', 'cuda', 'mps'].map((value) => ({
      value,
      label: this.text(this.key(`make.device.${value}`)),
    }));
    return html`
      ${
        weights
          ? html`<div class="pair">
                ${this.line('include', '$.config.include', this.text('pruning.field.include'), this.text('pruning.field.include.hint'), 'encoder.layer.0.*')}
                ${this.line('exclude', '$.config.exclude', this.text('pruning.field.exclude'), '', 'classifier.*')}
              </div>
              ${this.check('sparseCopy', '$.config.sparseCopy', this.text('pruning.field.sparseCopy'), this.text('pruning.field.sparseCopy.hint'))}`
          : nothing
      }
      ${this.check('onnx', '$.export', this.text('pruning.field.export'), this.text('pruning.field.export.hint'))}
      <div class="pair">
        ${this.select('latency', '$.measureLatency', this.text('pruning.field.measureLatency'), latencies)}
        ${this.select('device', '$.device', this.text('make.device'), devices)}
        ${this.number('calibrationRows', '$.calibrationRows', this.text('pruning.field.calibrationRows'), COUNT)}
        ${this.number('batchSize', '$.batchSize', this.text('make.batch'), COUNT)}
        ${this.number('seed', '$.seed', this.text('make.seed'), { min: 0, max: 2 ** 32 - 1, integer: true })}
      </div>
    `;
  }
}
