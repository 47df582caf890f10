import { css, html, nothing, type TemplateResult } from 'lit';
import { customElement, state } from 'lit/decorators.js';
import type { DatasetDetail } from '../../api/types';
import '../../forms/dataset-picker';
import type { DatasetPickerElement } from '../../forms/dataset-picker';
import '../../forms/model-picker';
import type { ModelPickerElement } from '../../forms/model-picker';
import { TASKS, type Task } from './metrics';
import { DraftSection } from './section';

/** `<persopt-source-section>`: model and data, the task and the columns. */
@customElement('persopt-source-section')
export class SourceSectionElement extends DraftSection {
  static override styles = [
    ...DraftSection.styles,
    css`
      .pickers {
        display: grid;
        gap: var(--p-5);
      }
    `,
  ];

  @state() private detail: DatasetDetail | null = null;

  override render() {
    const { draft } = this;
    return html`
      <div class="pickers">
        <persopt-model-picker
          data-path="$.baseModelPath"
          .value=${draft.model}
          error=${this.errorAt('$.baseModelPath')}
          @change=${(event: Event) => this.patch({ model: (event.target as ModelPickerElement).value }, '$.baseModelPath')}
        ></persopt-model-picker>
        <persopt-dataset-picker
          data-path="$.datasetPath"
          .value=${draft.dataset}
          .roles=${this.roles()}
          error=${this.errorAt('$.datasetPath')}
          @change=${this.onDataset}
          @sample=${this.onSample}
        ></persopt-dataset-picker>
      </div>
      ${draft.dataset ? this.reading() : nothing}
    `;
  }

  private reading() {
    const { draft, detail } = this;
    const detected = detail?.task ? this.text('tuning.detected', { value: this.text(`task.${detail.task}`) }) : '';
    const tasks: [Task | '', string][] = TASKS.map((task) => [task, this.text(`task.${task}`)]);
    return html`<div class="pair">
      ${this.select(
        '$.task',
        this.text('tuning.task'),
        draft.task ?? '',
        [['', detected || this.text('tuning.detect')], ...tasks],
        (task) => this.patch({ task: task || null, objectives: [] }, '$.task'),
      )}
      ${this.columns()}
    </div>`;
  }

  private columns(): readonly TemplateResult[] | typeof nothing {
    const { draft, detail } = this;
    const names = detail?.columns.map(({ name }) => name) ?? [];
    if (names.length === 0) return nothing;
    const of = (role: string) => detail?.columns.find((column) => column.role === role)?.name;
    const first = this.select(
      '$.data.textColumns',
      this.text('tuning.column.text'),
      draft.textColumns[0] ?? '',
      [['', this.detected(of('text'))], ...names.map((name) => [name, name] as const)],
      (name) => this.patch({ textColumns: name ? [name, ...draft.textColumns.slice(1)] : [] }, '$.data.textColumns'),
    );
    const second = this.select(
      '$.data.textColumns[1]',
      this.text('tuning.column.second'),
      draft.textColumns[1] ?? '',
      [['', this.text('tuning.column.none')], ...names.map((name) => [name, name] as const)],
      (name) => {
        const [text = ''] = draft.textColumns;
        this.patch({ textColumns: name ? [text, name] : [text] }, '$.data.textColumns');
      },
    );
    const label = this.select(
      '$.data.labelColumn',
      this.text('tuning.column.label'),
      draft.labelColumn ?? '',
      [['', this.detected(of('label'))], ...names.map((name) => [name, name] as const)],
      (name) => this.patch({ labelColumn: name || null }, '$.data.labelColumn'),
    );
    return draft.textColumns.length > 0 ? [first, second, label] : [first, label];
  }

  private detected(name: string | undefined): string {
    return name ? this.text('tuning.detected', { value: name }) : this.text('tuning.detect');
  }

  /** What columns are taken for, once the person has named some. */
  private roles(): ReadonlyMap<string, string> | null {
    const { draft, detail } = this;
    if (!detail || (draft.textColumns.length === 0 && draft.labelColumn === null)) return null;
    const roles = new Map<string, string>();
    for (const { name, role } of detail.columns) {
      const isReplaced = role === 'label' ? draft.labelColumn !== null : draft.textColumns.length > 0;
      if (role && !isReplaced) roles.set(name, role);
    }
    draft.textColumns.forEach((name, index) => roles.set(name, index === 0 ? 'text' : 'second-text'));
    if (draft.labelColumn) roles.set(draft.labelColumn, 'label');
    return roles;
  }

  private onSample({ detail }: CustomEvent<DatasetDetail | null>): void {
    this.detail = detail;
    const detected = detail?.task ?? null;
    if (detected !== this.draft.detected) this.patch({ detected }, '$.task');
  }

  private onDataset(event: Event): void {
    this.detail = null;
    const dataset = (event.target as DatasetPickerElement).value;
    this.patch({ dataset, task: null, detected: null, textColumns: [], labelColumn: null }, '$.datasetPath');
    this.patch({}, '$.data');
  }
}
