import { html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Contribution, Job, QuantizeSpec } from '../../api/types';
import type { ModelPickerElement, Options, OutputFieldElement, Schema, SchemaFormElement } from '../../forms';
import { writeNumbers } from '../../forms/numbers';
import { catalogOf } from '../../state/catalog';
import { DataForm } from '../making/data-form';
import {
  dataReasons,
  FIRST_DRAFT,
  fromSpec,
  hasActivations,
  isCalibrated,
  isCast,
  isTrained,
  toSpec,
  type QuantizeDraft,
} from './quantize-draft';

const COUNT = { min: 1, integer: true };

/** `<persopt-quantize-form>`: what to quantize, how, and with which backend. */
@customElement('persopt-quantize-form')
export class QuantizeFormElement extends DataForm<QuantizeDraft> {
  protected override readonly kind = 'quantize';
  protected override readonly hiddenLegends = new Set(['backend']);

  protected override initial(): QuantizeDraft {
    return FIRST_DRAFT;
  }

  protected override send(draft: QuantizeDraft, folder: string): Promise<Job> {
    return this.session.client.start('quantize', toSpec(draft, folder));
  }

  protected override readSpec(spec: Job['spec'], short: (path: string) => string): QuantizeDraft {
    return fromSpec(spec as QuantizeSpec, short);
  }

  protected override labelOf(path: string): string {
    const name = path.replace(/^\$\.(config\.|training\.)?/, '').replace(/[.[].*$/, '');
    const key = `quantization.field.${name}`;
    return this.session.translator.has(key) ? this.text(key) : name;
  }

  protected override promise(): string {
    const { draft } = this;
    const model = draft.model ? `\u2066${draft.model}\u2069` : this.text('quantization.promise.model');
    const values = { model, bits: Number(draft.bits) };
    if (draft.bits === '32') return this.text('quantization.promise.export', values);
    if (draft.bits === '16') return this.text('quantization.promise.cast', values);
    return this.text(this.key(`quantization.promise.${draft.method}`), values);
  }

  protected override parts(): unknown[] {
    return [
      this.section(this.text('make.model'), this.text('quantization.model.text'), this.models()),
      this.section(this.text('quantization.how'), this.text('quantization.how.text'), this.how()),
      this.section(this.text('quantization.backend'), this.text('quantization.backend.text'), this.backend()),
      this.section(this.text('quantization.data'), this.text('quantization.data.text'), this.data()),
      this.section(this.text('quantization.measured'), this.text('quantization.measured.text'), this.measured()),
      html`<details>
        <summary>${this.text('make.more')}</summary>
        ${isCast(this.draft) ? nothing : this.section(this.text('quantization.fine'), '', this.fine())}
        ${this.section(this.text('make.running'), '', this.running())}
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
        suffix="quantized"
        model=${draft.model}
        error=${this.at('$.outputPath')}
        .value=${draft.output}
        @change=${(event: Event) => this.put('output', (event.target as OutputFieldElement).value, '$.outputPath')}
      ></persopt-output-field>
    `;
  }

  private how() {
    const { draft } = this;
    const bits = ['8', '4', '16', '32'].map((value) => ({
      value,
      label: this.text('quantization.bits', { bits: Number(value) }),
      hint: this.text(this.key(`quantization.bits.${value}`)),
    }));
    const methods = (['dynamic', 'static', 'weight-only', 'qat'] as const).map((value) => ({
      value,
      label: this.text(`result.method.${value}`),
      hint: this.text(`quantization.method.${value}`),
    }));
    return html`
      ${this.radios('bits', '$.config.bits', this.text('quantization.field.bits'), bits)}
      ${isCast(draft) ? nothing : this.radios('method', '$.config.method', this.text('quantization.field.method'), methods)}
      ${
        draft.bits === '16'
          ? this.select('floatType', '$.config.floatType', this.text('quantization.field.floatType'), [
              { value: 'bf16', label: 'bfloat16' },
              { value: 'fp16', label: 'float16' },
            ])
          : nothing
      }
      ${
        draft.bits === '4'
          ? html`<div class="pair">
              ${this.number('groupSize', '$.config.groupSize', this.text('quantization.field.groupSize'), COUNT, { hint: this.text('quantization.field.groupSize.hint') })}
              ${this.select(
                'rounding',
                '$.config.rounding',
                this.text('quantization.field.rounding'),
                [
                  { value: 'nearest', label: this.text('quantization.rounding.nearest') },
                  { value: 'gptq', label: 'GPTQ' },
                ],
                this.text('quantization.field.rounding.hint'),
              )}
            </div>`
          : nothing
      }
      ${isCalibrated(draft) ? this.ranges() : nothing}
    `;
  }

  private ranges() {
    const ranges = (['min-max', 'percentile', 'entropy', 'mse'] as const).map((value) => ({
      value,
      label: this.text(`quantization.ranges.${value}`),
    }));
    return html`<div class="pair">
      ${this.select('ranges', '$.config.ranges', this.text('quantization.field.ranges'), ranges, this.text('quantization.field.ranges.hint'))}
      ${
        this.draft.ranges === 'percentile'
          ? this.number('percentile', '$.config.percentile', this.text('quantization.field.percentile'), {
              above: 50,
              max: 100,
            })
          : nothing
      }
    </div>`;
  }

  private backend() {
    const { draft } = this;
    const found: readonly Contribution[] = (catalogOf(this.session).contributions.value.value ?? []).filter(
      ({ kind }) => kind === 'quantization-backend',
    );
    const options = [
      {
        value: 'auto',
        label: this.text('quantization.backend.auto'),
        hint: this.text('quantization.backend.auto.hint'),
      },
      ...found.map(({ name, title }) => {
        const key = `quantization.backend.${name}`;
        return {
          value: name,
          label: (title as Record<string, string>)[this.formats.language] ?? name,
          hint: this.session.translator.has(key) ? this.text(key) : '',
        };
      }),
    ];
    const chosen = found.find(({ name }) => name === draft.backend);
    return html`
      ${this.radios('backend', '$.config.backend', this.text('quantization.field.backend'), options)}
      ${
        chosen
          ? html`<persopt-schema-form
              data-path="$.config.backendOptions"
              path="$.config.backendOptions"
              scope=${chosen.name}
              .schema=${chosen.options as Schema}
              .value=${draft.backendOptions}
              .faults=${this.faults}
              @change=${(event: Event) =>
                this.put(
                  'backendOptions',
                  (event.target as SchemaFormElement).value as Options,
                  '$.config.backendOptions',
                )}
            ></persopt-schema-form>`
          : nothing
      }
    `;
  }

  private data() {
    const { draft } = this;
    const reasons = dataReasons(draft);
    const needed = reasons.length > 0 && !reasons.includes('quantization.data.measures');
    return html`
      ${needed ? nothing : this.check('measures', '$.measures', this.text('quantization.measures'), this.text('quantization.measures.hint'))}
      ${
        reasons.length > 0
          ? html`${this.datasetFields(reasons.map((key) => this.text(key)).join(' '))}
            ${needed ? this.number('calibrationRows', '$.calibrationRows', this.text('quantization.field.calibrationRows'), COUNT, { hint: this.text('quantization.field.calibrationRows.hint') }) : nothing}`
          : html`<p class="soft small">${this.text('quantization.data.none')}</p>`
      }
      ${isTrained(draft) ? this.training() : nothing}
    `;
  }

  private training() {
    const { draft } = this;
    return html`
      <div class="pair">
        ${this.number('epochs', '$.training.epochs', this.text('quantization.field.epochs'), { above: 0 })}
        ${this.number('learningRate', '$.training.learningRate', this.text('quantization.field.learningRate'), { above: 0 })}
        ${this.number('timeLimit', '$.training.timeLimit', this.text('quantization.field.timeLimit'), { above: 0 }, { placeholder: this.text('make.unlimited') })}
      </div>
      ${this.check('distill', '$.training.distill', this.text('quantization.field.distill'), this.text('quantization.field.distill.hint'))}
      ${
        draft.distill
          ? html`<div class="pair">
              ${this.number('distillTemperature', '$.training.distillTemperature', this.text('quantization.field.distillTemperature'), { above: 0 })}
              ${this.number('distillWeight', '$.training.distillWeight', this.text('quantization.field.distillWeight'), { min: 0, max: 1 })}
            </div>`
          : nothing
      }
    `;
  }

  private measured() {
    const { draft } = this;
    return html`
      ${this.check('measureLatency', '$.measureLatency', this.text('quantization.field.measureLatency'), this.text('quantization.field.measureLatency.hint'))}
      ${
        draft.measureLatency
          ? html`<div class="pair">
              ${this.line('batchSizes', '$.batchSizes', this.text('quantization.field.batchSizes'), '', writeNumbers([1, 16], this.formats))}
              ${this.line('lengths', '$.lengths', this.text('quantization.field.lengths'), this.text('quantization.field.lengths.hint'), writeNumbers([32, 128], this.formats))}
            </div>`
          : nothing
      }
      ${this.check('measureMemory', '$.measureMemory', this.text('quantization.field.measureMemory'), this.text('quantization.field.measureMemory.hint'))}
      ${dataReasons(draft).length > 0 ? this.check('rankLayers', '$.rankLayers', this.text('quantization.field.rankLayers'), this.text('quantization.field.rankLayers.hint')) : nothing}
    `;
  }

  private fine() {
    const { draft } = this;
    const ways = ['', 'yes', 'no'].map((value) => ({
      value,
      label: value === '' ? this.text('quantization.own') : this.text(value === 'yes' ? 'form.yes' : 'form.no'),
    }));
    const grains = ['', 'tensor', 'token', 'channel'].map((value) => ({
      value,
      label: value === '' ? this.text('quantization.own') : this.text(this.key(`quantization.grain.${value}`)),
    }));
    return html`
      ${this.check('symmetric', '$.config.symmetric', this.text('quantization.field.symmetric'), this.text('quantization.field.symmetric.hint'))}
      ${draft.bits === '8' ? this.check('perChannel', '$.config.perChannel', this.text('quantization.field.perChannel'), this.text('quantization.field.perChannel.hint')) : nothing}
      ${
        hasActivations(draft)
          ? html`${this.check('smooths', '$.config.smoothing', this.text('quantization.field.smoothing'), this.text('quantization.field.smoothing.hint'))}
              ${draft.smooths ? this.number('smoothing', '$.config.smoothing', this.text('quantization.field.alpha'), { min: 0, max: 1 }) : nothing}
              <div class="pair">
                ${this.select('activationSymmetric', '$.config.activationSymmetric', this.text('quantization.field.activationSymmetric'), ways)}
                ${this.select('activationGranularity', '$.config.activationGranularity', this.text('quantization.field.activationGranularity'), grains)}
              </div>`
          : nothing
      }
      ${this.line('keep', '$.config.keep', this.text('quantization.field.keep'), this.text('quantization.field.keep.hint'), 'classifier, *.layer.0.*')}
    `;
  }

  private running() {
    const devices = ['auto', 'cpu', 'cuda'].map((value) => ({
      value,
      label: this.text(this.key(`make.device.${value}`)),
    }));
    return html`<div class="pair">
      ${this.select('device', '$.device', this.text('make.device'), devices)}
      ${this.number('threads', '$.threads', this.text('quantization.field.threads'), COUNT, { placeholder: this.text('quantization.all') })}
      ${this.number('batchSize', '$.batchSize', this.text('make.batch'), COUNT)}
      ${this.number('seed', '$.seed', this.text('make.seed'), { min: 0, max: 2 ** 32 - 1, integer: true })}
    </div>`;
  }
}
