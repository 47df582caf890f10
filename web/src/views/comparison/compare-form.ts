import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import '../../forms';
import { writeNumbers } from '../../forms/numbers';
import { icon } from '../../ui/icons';
import { type CompareDraft, compareSpec, NEW_COMPARE, readCounts } from './drafts';
import { FormElement } from './form-element';
import { offerJobs } from './job-models';
import './try-models';
import { isolate } from './wording';

const MOST_MODELS = 8;
const SPLITS = ['validation', 'test', 'train'] as const;

/** `<persopt-compare-form>`: which models, on what, and how exactly. */
@customElement('persopt-compare-form')
export class CompareFormElement extends FormElement<CompareDraft> {
  static override styles = [
    ...FormElement.styles,
    css`
      .models {
        display: grid;
        gap: var(--p-4);
        padding: 0;
        list-style: none;
      }
      .models li {
        display: grid;
        gap: var(--p-2);
        align-items: start;
      }
      .models li:has(> .button) {
        grid-template-columns: minmax(0, 1fr) auto;
      }
      .models .button {
        margin-block-start: 1.6rem;
      }
    `,
  ];

  protected override readonly form = 'compare';
  protected override readonly fresh = NEW_COMPARE;
  protected override readonly rules = {
    rows: { min: 1, integer: true },
    seconds: { above: 0 },
    threads: { min: 1, integer: true },
    confidence: { above: 0, below: 100 },
    lengthSlices: { min: 0, max: 20, integer: true },
  };

  @property({ attribute: false }) override given: Partial<CompareDraft> | null = null;

  override render() {
    if (!this.isReady) return nothing;
    const { draft } = this;
    const chosen = draft.models.filter(Boolean);
    return html`
      ${this.summaryPart}
      <form @submit=${this.start} novalidate>
        <section>
          <header>
            <h2>${this.text('comparison.form.models')}</h2>
            <p>${this.text('comparison.form.models.note')}</p>
          </header>
          <div class="fields">${this.models()}</div>
        </section>
        <section>
          <header>
            <h2>${this.text('comparison.form.data')}</h2>
            <p>${this.text('comparison.form.data.note')}</p>
          </header>
          <div class="fields">
            <persopt-dataset-picker
              data-path="$.datasetPath"
              optional
              error=${this.errorAt('$.datasetPath')}
              .value=${draft.dataset}
              @change=${(event: Event) => this.put({ dataset: (event.target as HTMLInputElement).value }, '$.datasetPath')}
            ></persopt-dataset-picker>
            ${draft.dataset ? this.rows() : nothing}
          </div>
        </section>
        <details>
          <summary>${this.text('comparison.form.more')}</summary>
          ${this.more()}
        </details>
        <div class="foot">
          <button class="button primary" ?disabled=${this.starting}>
            ${icon('play')}${this.text('comparison.form.start')}
          </button>
          <p>${this.plan(chosen.length)}</p>
        </div>
      </form>
      ${
        chosen.length > 0
          ? html`<section>
              <header>
                <h2>${this.text('comparison.try')}</h2>
                <p>${this.text('comparison.try.note')}</p>
              </header>
              <persopt-try-models
                bare
                .models=${chosen.map((name) => ({ name, label: this.labelOf(name) }))}
              ></persopt-try-models>
            </section>`
          : nothing
      }
    `;
  }

  private models() {
    const { models } = this.draft;
    const more = offerJobs(this.jobs.value.value ?? [], 'id', this);
    return html`
      <ul class="models" role="list">
        ${models.map((value, place) => {
          const path = `$.modelPaths[${place}]`;
          return html`<li>
            <persopt-model-picker
              data-path=${path}
              label=${this.fieldName(path)}
              .hint=${place === 0 ? this.text('comparison.form.baseline.hint') : ''}
              error=${this.errorAt(path)}
              .value=${value}
              .more=${more}
              @change=${(event: Event) => this.putModel(place, (event.target as HTMLInputElement).value)}
            ></persopt-model-picker>
            ${
              models.length > 2
                ? html`<button
                    class="button quiet icon-only"
                    type="button"
                    aria-label=${this.text('comparison.form.remove', { number: place + 1 })}
                    @click=${() => this.put({ models: models.filter((_, other) => other !== place) }, '$.modelPaths')}
                  >
                    ${icon('close')}
                  </button>`
                : nothing
            }
          </li>`;
        })}
      </ul>
      ${
        models.length < MOST_MODELS
          ? html`<div>
              <button class="button" type="button" @click=${() => this.put({ models: [...models, ''] }, '')}>
                ${icon('plus')}${this.text('comparison.form.add')}
              </button>
            </div>`
          : nothing
      }
    `;
  }

  private rows() {
    const { draft } = this;
    return html`<div class="pair">
      <persopt-field label=${this.text('comparison.form.split')} error=${this.errorAt('$.split')}>
        <select
          data-path="$.split"
          @change=${(event: Event) => this.put({ split: (event.target as HTMLSelectElement).value as CompareDraft['split'] }, '$.split')}
        >
          ${SPLITS.map((name) => html`<option value=${name} .selected=${name === draft.split}>${this.text(`comparison.split.${name}`)}</option>`)}
        </select>
      </persopt-field>
      ${this.number('rows', this.text('comparison.form.rows'), this.text('comparison.form.rows.hint'), this.text('comparison.form.all'))}
    </div>`;
  }

  private more() {
    const { draft } = this;
    const counts = (name: 'batchSizes' | 'lengths', example: string) =>
      this.words(name, this.text(`comparison.form.${name}`), this.text(`comparison.form.${name}.hint`), 'ltr', example);
    return html`
      <section>
        <header>
          <h2>${this.text('comparison.form.measure')}</h2>
          <p>${this.text('comparison.form.measure.note')}</p>
        </header>
        <div class="fields">
          <div class="checks">
            ${this.tick('speed', this.text('comparison.form.speed'))}
            ${this.tick('memory', this.text('comparison.form.memory'))}
          </div>
          ${
            draft.speed
              ? html`<div class="pair">
                  ${counts('batchSizes', writeNumbers([1, 16], this.formats))}
                  ${counts('lengths', writeNumbers([32, 128], this.formats))}
                  ${this.number('seconds', this.text('comparison.form.seconds'), this.text('comparison.form.seconds.hint'))}
                </div>`
              : nothing
          }
          <div class="pair">
            ${this.number('threads', this.text('comparison.form.threads'), '', this.text('comparison.form.all'))}
            ${this.number('confidence', this.text('comparison.form.confidence'), this.text('comparison.form.confidence.hint'))}
          </div>
        </div>
      </section>
      <section>
        <header>
          <h2>${this.text('comparison.form.slices')}</h2>
          <p>${this.text('comparison.form.slices.note')}</p>
        </header>
        <div class="fields">
          <div class="pair">
            ${this.words('sliceBy', this.text('comparison.form.sliceBy'), this.text('comparison.form.sliceBy.hint'), 'auto')}
            ${this.number('lengthSlices', this.text('comparison.form.lengthSlices'))}
          </div>
          ${this.words('name', this.text('comparison.form.name'), '', 'auto')}
        </div>
      </section>
    `;
  }

  private plan(models: number): string {
    const { draft } = this;
    if (models < 2) return this.text('comparison.form.plan.few');
    const parts = [
      ...(draft.dataset ? [this.text('comparison.form.plan.quality', { data: isolate(draft.dataset) })] : []),
      ...(draft.speed ? [this.text('comparison.form.plan.speed')] : []),
      ...(draft.memory ? [this.text('comparison.form.plan.memory')] : []),
      this.text('comparison.form.plan.bytes'),
    ];
    return this.text('comparison.form.plan', { count: models, parts: this.formats.list(parts) });
  }

  private labelOf(name: string): string {
    const offered = offerJobs(this.jobs.value.value ?? [], 'id', this).find(({ value }) => value === name);
    return offered?.label ?? name.split('/').filter(Boolean).pop() ?? name;
  }

  private putModel(place: number, name: string): void {
    const models = this.draft.models.map((known, other) => (other === place ? name : known));
    this.put({ models }, `$.modelPaths[${place}]`);
  }

  protected override async send(key: string) {
    return this.session.client.start('compare', compareSpec(this.draft, this.formats.language), key);
  }

  protected override *check(): Generator<readonly [string, string]> {
    const { draft } = this;
    const isFew = draft.models.filter(Boolean).length < 2;
    for (const [place, model] of draft.models.entries()) {
      if (isFew && !model) yield [`$.modelPaths[${place}]`, this.text('form.required')];
    }
    const isCount = (count: number) => Number.isInteger(count) && count > 0;
    for (const name of ['batchSizes', 'lengths'] as const) {
      if (!readCounts(draft[name]).every(isCount)) yield [`$.${name}`, this.text('comparison.form.counts')];
    }
  }

  protected override fieldName(path: string): string {
    const place = /^\$\.modelPaths\[(\d+)\]/.exec(path)?.[1];
    if (place === '0') return this.text('comparison.form.baseline');
    if (place !== undefined) return this.text('comparison.form.model', { number: Number(place) + 1 });
    if (path.startsWith('$.datasetPath')) return this.text('forms.dataset');
    const name = `comparison.form.${path.replace(/^\$\.(\w+).*$/, '$1')}`;
    return this.translator.has(name) ? this.text(name) : path.replace(/^\$\./, '');
  }
}
