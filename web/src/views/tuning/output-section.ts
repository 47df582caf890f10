import { html } from 'lit';
import { customElement } from 'lit/decorators.js';
import '../../forms/output-field';
import type { OutputFieldElement } from '../../forms/output-field';
import { DraftSection } from './section';

/** `<persopt-output-section>`: name, output folder, and what is seldom changed. */
@customElement('persopt-output-section')
export class OutputSectionElement extends DraftSection {
  override render() {
    const { draft } = this;
    return html`
      <div class="pair">
        <persopt-field
          label=${this.text('tuning.name')}
          hint=${this.text('tuning.name.hint')}
          error=${this.errorAt('$.name')}
          optional
        >
          <input
            dir="auto"
            maxlength="200"
            data-path="$.name"
            .value=${draft.name}
            @input=${(event: Event) => this.patch({ name: (event.target as HTMLInputElement).value }, '$.name')}
          />
        </persopt-field>
        <persopt-output-field
          data-path="$.outputDir"
          optional
          suffix="tuned"
          model=${draft.model}
          .value=${draft.output}
          error=${this.errorAt('$.outputDir')}
          @change=${(event: Event) => this.patch({ output: (event.target as OutputFieldElement).value }, '$.outputDir')}
        ></persopt-output-field>
      </div>
      <details ?open=${draft.maxSteps !== null || draft.maxTrainRows !== null}>
        <summary>${this.text('tuning.more')}</summary>
        <div class="pair">
          ${this.number('$.training.maxSteps', this.text('tuning.steps'), {
            placeholder: this.text('tuning.whole'),
            hint: this.text('tuning.steps.hint'),
          })}
          ${this.number('$.data.maxTrainRows', this.text('tuning.rows'), {
            placeholder: this.text('tuning.whole'),
            hint: this.text('tuning.rows.hint'),
          })}
          ${this.number('$.seed', this.text('tuning.seed'), { hint: this.text('tuning.seed.hint') })}
        </div>
      </details>
    `;
  }
}
