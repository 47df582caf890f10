import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { OfflineError, Problem } from '../api/problem';
import { describeFault, describeFaultText } from '../i18n/fault-words';
import { StudioElement } from '../ui/element';
import { surfaces } from '../ui/surfaces.css';

/** Something wrong with a form: where, what the field is called, and what is wrong. */
export interface Entry {
  path: string;
  label: string;
  message: string;
  hint?: string;
}

/** Returns what an answer that says no has to say of a form; `label` names the field of a path. */
export function entriesOf(error: unknown, label: (path: string) => string): Entry[] {
  if (!(error instanceof Problem) || error.faults.length === 0) return [];
  return error.faults.map(({ path, message, hint }) => ({ path, label: label(path), message, hint }));
}

/**
 * `<persopt-fault-summary .entries=${…} .error=${…}>`: what is wrong with a form, at its head, each with a button that
 * leads to its field. It takes the focus when it is told to (`focus()`).
 *
 * @fires choose with the path in `detail`
 */
@customElement('persopt-fault-summary')
export class FaultSummaryElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      .note {
        display: grid;
        gap: var(--p-2);
        margin-block-end: var(--p-5);
      }
      ul {
        display: grid;
        gap: var(--p-1);
        padding: 0;
        list-style: none;
      }
      button {
        padding: 0;
        border: 0;
        background: none;
        color: var(--p-bad);
        font: inherit;
        font-weight: 600;
        text-decoration: underline;
        text-underline-offset: 0.25em;
        cursor: pointer;
      }
    `,
  ];

  @property({ attribute: false }) entries: readonly Entry[] = [];
  /** What went wrong, where it is not about fields. */
  @property({ attribute: false }) error: unknown = null;

  override focus(): void {
    this.renderRoot.querySelector<HTMLElement>('.note')?.focus();
  }

  override render() {
    const { entries } = this;
    if (entries.length === 0 && !this.error) return nothing;
    return html`<div class="note bad" role="alert" tabindex="-1">
      <h2>${this.headline()}</h2>
      ${entries.length === 0 ? html`<p>${this.reason()}</p>` : nothing}
      <ul role="list">
        ${entries.map(
          ({ path, label, ...fault }) =>
            html`<li>
              ${path ? html`<button type="button" @click=${() => this.choose(path)}>${label}</button>: ` : nothing}<bdi
                dir="auto"
                >${describeFault(fault, this.session.translator)}</bdi
              >
            </li>`,
        )}
      </ul>
    </div>`;
  }

  private headline(): string {
    if (this.entries.length > 0) return this.text('form.faults', { count: this.entries.length });
    return this.text(this.error instanceof OfflineError ? 'state.offline' : 'form.refused');
  }

  private reason() {
    if (this.error instanceof OfflineError) return this.text('form.offline');
    const message = this.error instanceof Error ? this.error.message : String(this.error);
    return html`<bdi dir="auto">${describeFaultText(message, this.session.translator)}</bdi>`;
  }

  private choose(path: string): void {
    this.dispatchEvent(new CustomEvent('choose', { detail: path }));
  }
}
