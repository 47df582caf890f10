import { css, html, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { OfflineError } from '../api/problem';
import type { DatasetDetail } from '../api/types';
import { describeFaultText } from '../i18n/fault-words';
import { ltr, own, StudioElement } from '../ui/element';
import '../ui/state';
import { surfaces } from '../ui/surfaces.css';
import { picker } from './picker.css';

const MOST_CLASSES = 12;

type Column = DatasetDetail['columns'][number];
type Row = DatasetDetail['sample'][number];

/**
 * `<persopt-data-sample name="datasets/words">`: what a data set holds: task, rows, classes, and its first rows, with
 * what each column is taken for.
 *
 * @fires sample with the `DatasetDetail` in `detail` (null: it could not be read)
 */
@customElement('persopt-data-sample')
export class DataSampleElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    picker,
    css`
      th small {
        display: block;
        font-size: var(--p-text-xs);
        font-weight: 400;
      }
      th .role {
        color: var(--p-accent);
        font-weight: 500;
      }
      td {
        min-inline-size: 8rem;
        max-inline-size: 26rem;
        overflow-wrap: anywhere;
        line-height: 1.6;
      }
      td.number {
        min-inline-size: 0;
      }
      tbody tr:last-child td {
        border-block-end: 0;
      }
      .classes {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-1) var(--p-3);
        list-style: none;
        font-size: var(--p-text-s);
      }
    `,
  ];

  @property() name = '';
  /** What the person takes columns for, by name of the column; what was detected by default. */
  @property({ attribute: false }) roles: ReadonlyMap<string, string> | null = null;
  @state() private detail: DatasetDetail | null = null;
  @state() private error: unknown = null;
  private asked = '';

  private end: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.end = this.session.feed.onRefresh(() => {
      if (this.error instanceof OfflineError) void this.load();
    });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.end?.();
  }

  override willUpdate(changed: PropertyValues<this>): void {
    if (changed.has('name') && this.name) void this.load();
  }

  override render() {
    const { detail } = this;
    if (this.error) {
      const message = this.error instanceof Error ? this.error.message : String(this.error);
      const text = describeFaultText(message, this.session.translator);
      return html`<p class="bad" role="status">
        ${own(text)}
        <button class="again" type="button" @click=${this.load}>${this.text('state.retry')}</button>
      </p>`;
    }
    if (!detail) return html`<persopt-state kind="loading"></persopt-state>`;
    return html`${this.facts(detail)}${this.classes(detail)}${this.table(detail)}${
      detail.fault && !this.roles ? html`<p class="bad" role="status">${own(detail.fault)}</p>` : nothing
    }`;
  }

  private facts({ task, rows, bytes, whole }: DatasetDetail) {
    return html`<p class="facts" role="status">
      ${task ? html`<b>${this.text(`task.${task}`)}</b>` : nothing}
      ${Object.entries(rows).map(([split, count]) => html`<span>${this.rows(split, count)}</span>`)}
      <span>${this.formats.bytes(bytes)}</span>
      ${whole ? nothing : html`<span>${this.text('forms.sample.part')}</span>`}
    </p>`;
  }

  private rows(split: string, count: number | null) {
    const name = ['train', 'validation', 'test'].includes(split)
      ? this.text(`forms.split.${split as 'train' | 'validation' | 'test'}`)
      : ltr(split);
    return html`${name} ${count === null ? '' : html`<span class="figure">${this.formats.number(count)}</span>`}`;
  }

  private classes({ labels }: DatasetDetail) {
    if (labels.length === 0) return nothing;
    const rest = labels.length - MOST_CLASSES;
    return html`<ul class="classes" role="list" aria-label=${this.text('forms.classes', { count: labels.length })}>
      <li class="soft">${this.text('forms.classes', { count: labels.length })}</li>
      ${labels
        .slice(0, MOST_CLASSES)
        .map(
          ({ name, rows }) =>
            html`<li>
              ${own(name)}${rows === null ? nothing : html` <span class="soft figure">${this.formats.number(rows)}</span>`}
            </li>`,
        )}
      ${rest > 0 ? html`<li class="soft">${this.text('forms.more', { count: rest })}</li>` : nothing}
    </ul>`;
  }

  private table({ columns, sample, name }: DatasetDetail) {
    if (sample.length === 0) return nothing;
    const caption = this.text('forms.sample.caption', { count: sample.length, name });
    return html`<div class="scroller" role="region" aria-label=${caption} tabindex="0">
      <table>
        <caption class="visually-hidden">
          ${caption}
        </caption>
        <thead>
          <tr>
            ${columns.map((column) => html`<th scope="col" class=${kindClass(column)}>${this.head(column)}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${sample.map(
            (row) =>
              html`<tr>
                ${columns.map((column) => html`<td class=${kindClass(column)}>${this.cell(row, column)}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  private head(column: Column) {
    const role = this.roles ? this.roles.get(column.name) : column.role;
    return html`${ltr(column.name)}<small
        >${
          role === 'text' || role === 'second-text' || role === 'label'
            ? html`<span class="role">${this.text(`forms.role.${role}`)}</span> · `
            : nothing
        }${this.text(`forms.kind.${column.kind}`)}</small
      >`;
  }

  private cell(row: Row, column: Column) {
    const value = (row.values as Record<string, unknown>)[column.name];
    if (value === null || value === undefined) return html`<span class="soft">—</span>`;
    if (typeof value === 'number') return this.formats.significant(value, 6);
    const text = Array.isArray(value)
      ? value.join(' ')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
    return row.cut.includes(column.name) && !text.endsWith('…') ? own(`${text}…`) : own(text);
  }

  private readonly load = async (): Promise<void> => {
    const { name } = this;
    this.asked = name;
    this.detail = null;
    this.error = null;
    let detail: DatasetDetail | null = null;
    try {
      detail = await this.session.client.sample(name);
    } catch (error) {
      if (this.asked === name) this.error = error;
    }
    if (this.asked !== name) return; // another one was chosen meanwhile
    this.detail = detail;
    this.dispatchEvent(new CustomEvent('sample', { detail }));
  };
}

function kindClass({ kind }: Column): string {
  return kind === 'number' ? 'number' : '';
}
