import { html, nothing } from 'lit';
import { state } from 'lit/decorators.js';
import type { DatasetDetail, PruneSpec } from '../../api/types';
import type { DatasetPickerElement } from '../../forms';
import { splitList } from './drafts';
import { DraftForm, type BaseDraft, type Option } from './draft-form';

/** The fields of a form that may read a data set; empty is what is detected. */
export interface DataDraft extends BaseDraft {
  task: string;
  /** Names with commas between them: one text, or a pair. */
  textColumns: string;
  labelColumn: string;
}

export const NO_DATA = { dataset: '', task: '', textColumns: '', labelColumn: '' };
const TASKS = [
  'text-classification',
  'token-classification',
  'causal-language-modeling',
  'translation',
  'summarization',
  'image-classification',
] as const;

/** What of a spec says how to read its data set; of a prune's as of a quantization's. */
export function dataSpec(draft: DataDraft): Pick<PruneSpec, 'datasetPath' | 'task' | 'data'> {
  const textColumns = splitList(draft.textColumns);
  const data = {
    ...(textColumns.length > 0 ? { textColumns } : {}),
    ...(draft.labelColumn ? { labelColumn: draft.labelColumn } : {}),
  };
  return {
    datasetPath: draft.dataset,
    ...(draft.task ? { task: draft.task as NonNullable<PruneSpec['task']> } : {}),
    ...(Object.keys(data).length > 0 ? { data } : {}),
  };
}

/** The reverse, of a job's spec, in which all that was detected is filled in. */
export function dataDraft(
  { datasetPath, task, data }: Pick<PruneSpec, 'datasetPath' | 'task' | 'data'>,
  short: (path: string) => string,
): Omit<DataDraft, 'model' | 'output'> {
  return {
    dataset: short(datasetPath ?? ''),
    task: task ?? '',
    textColumns: (data?.textColumns ?? []).join(', '),
    labelColumn: data?.labelColumn ?? '',
  };
}

/** A form with a data set: the picker, and what it is read as, detected and changeable. */
export abstract class DataForm<D extends DataDraft> extends DraftForm<D> {
  @state() private detail: DatasetDetail | null = null;

  /** `hint` says what the data set is asked for. */
  protected datasetFields(hint: string) {
    const { draft } = this;
    return html`<persopt-dataset-picker
        data-path="$.datasetPath"
        hint=${hint}
        error=${this.at('$.datasetPath')}
        .value=${draft.dataset}
        @change=${this.onDataset}
        @sample=${(event: CustomEvent<DatasetDetail | null>) => (this.detail = event.detail)}
      ></persopt-dataset-picker>
      ${draft.dataset && this.detail ? this.reading(this.detail) : nothing}`;
  }

  private reading({ columns, task }: DatasetDetail) {
    const detected = (value: string | undefined) =>
      value ? this.text('make.detected', { value }) : this.text('make.detect');
    const names = columns.map(({ name }) => ({ value: name, label: name }));
    const of = (role: string) => columns.find((column) => column.role === role)?.name;
    const tasks: Option[] = TASKS.map((value) => ({ value, label: this.text(`task.${value}`) }));
    const auto = (value: string | undefined): Option => ({ value: '', label: detected(value) });
    return html`<div class="pair">
      ${this.select('task', '$.task', this.text('make.task'), [auto(task ? this.text(`task.${task}`) : undefined), ...tasks])}
      ${this.line('textColumns', '$.data.textColumns', this.text('make.columns.text'), this.text('make.columns.text.hint'), of('text') ?? '')}
      ${this.select('labelColumn', '$.data.labelColumn', this.text('make.columns.label'), [auto(of('label')), ...names])}
    </div>`;
  }

  private onDataset(event: Event): void {
    this.detail = null;
    this.take({ task: '', textColumns: '', labelColumn: '' } as Partial<D>);
    this.put('dataset', (event.target as DatasetPickerElement).value, '$.datasetPath');
  }
}
