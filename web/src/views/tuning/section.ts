import { css, html, nothing } from 'lit';
import { property } from 'lit/decorators.js';
import type { Fault } from '../../api/types';
import type { Complaint } from '../../forms/check';
import { faultsAt } from '../../forms/faults';
import '../../forms/number-field';
import { tellComplaint, type NumberFieldElement } from '../../forms/number-field';
import { controls } from '../../ui/controls.css';
import { StudioElement } from '../../ui/element';
import '../../ui/field';
import { surfaces } from '../../ui/surfaces.css';
import { FIELDS, RULES, type NumberPath } from './checks';
import { newDraft, type Draft } from './draft';

/** What of the form has changed, and the JSON path of it. */
export interface Patch {
  patch: Partial<Draft>;
  path: string;
}

/** A part of the tuning form: it shows the draft, and says what the person changes in it. */
export abstract class DraftSection extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    controls,
    surfaces,
    css`
      :host {
        display: grid;
        gap: var(--p-5);
        container: section / inline-size;
      }
      .pair {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr));
        align-items: start;
        gap: var(--p-5);
      }
      .bad {
        color: var(--p-bad);
        font-size: var(--p-text-s);
      }
      details > summary {
        color: var(--p-accent);
        font-size: var(--p-text-s);
        cursor: pointer;
      }
      details[open] > summary {
        margin-block-end: var(--p-4);
      }
    `,
  ];

  @property({ attribute: false }) draft: Draft = newDraft();
  /** What the server has found wrong. */
  @property({ attribute: false }) faults: readonly Fault[] = [];
  /** What is wrong before it was sent, by path; shown from the first try to start on. */
  @property({ attribute: false }) complaints: ReadonlyMap<string, Complaint> = new Map();

  protected errorAt(path: string): string {
    return (
      faultsAt(this.faults, path, this.session.translator) || tellComplaint(this, this.complaints.get(path) ?? null)
    );
  }

  /** The same, without what is wrong inside of it. */
  protected errorExactlyAt(path: string): string {
    const own = this.faults.filter((fault) => fault.path === path);
    return faultsAt(own, path, this.session.translator) || tellComplaint(this, this.complaints.get(path) ?? null);
  }

  protected patch(patch: Partial<Draft>, path: string): void {
    const detail: Patch = { patch, path };
    this.dispatchEvent(new CustomEvent('patch', { detail }));
  }

  /** A number of the form, by its path. */
  protected number(path: NumberPath, label: string, more: { hint?: string; placeholder?: string } = {}) {
    const field = FIELDS[path];
    return html`<persopt-number-field
      data-path=${path}
      label=${label}
      hint=${more.hint ?? ''}
      placeholder=${more.placeholder ?? ''}
      error=${this.errorAt(path)}
      .rule=${RULES[path]}
      .value=${this.draft[field]}
      @change=${(event: Event) => this.patch({ [field]: (event.target as NumberFieldElement).value }, path)}
    ></persopt-number-field>`;
  }

  /** A choice among texts. */
  protected select<T extends string>(
    path: string,
    label: string,
    chosen: T | '',
    choices: readonly (readonly [T | '', unknown])[],
    take: (value: T | '') => void,
    hint = '',
  ) {
    return html`<persopt-field label=${label} hint=${hint} error=${this.errorAt(path)}>
      <select data-path=${path} @change=${(event: Event) => take((event.target as HTMLSelectElement).value as T | '')}>
        ${choices.map(([value, text]) => html`<option value=${value} .selected=${value === chosen}>${text ?? nothing}</option>`)}
      </select>
    </persopt-field>`;
  }
}
