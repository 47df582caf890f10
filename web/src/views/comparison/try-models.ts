import { css, html, nothing } from 'lit';
import { customElement, property, query, state } from 'lit/decorators.js';
import type { Prediction } from '../../api/types';
import { describeFaultText } from '../../i18n/fault-words';
import { controls } from '../../ui/controls.css';
import { ltr, own } from '../../ui/element';
import '../../ui/field';
import { icon } from '../../ui/icons';
import '../../ui/state';
import { ComparisonElement } from './comparison-element';

export interface Tried {
  /** As the server names it: a folder, a name or a job. */
  name: string;
  label: string;
}

const MOST = 4;

/** `<persopt-try-models .models=…>`: what two to four models say of a text that a person types, side by side. */
@customElement('persopt-try-models')
export class TryModelsElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    controls,
    css`
      form {
        display: grid;
        gap: var(--p-3);
        max-inline-size: 44rem;
      }
      p.soft + form {
        margin-block-start: var(--p-4);
      }
      .answers {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 15rem), 1fr));
        gap: var(--p-5);
        margin-block-start: var(--p-5);
      }
      article {
        display: grid;
        align-content: start;
        gap: var(--p-3);
        min-inline-size: 0;
        padding-block-start: var(--p-3);
        border-block-start: 1px solid var(--p-edge);
      }
      .labels {
        display: grid;
        gap: var(--p-2);
        margin: 0;
        padding: 0;
        list-style: none;
      }
      .labels li {
        display: grid;
        grid-template-columns: 1fr auto;
        gap: 0 var(--p-3);
        color: var(--p-soft);
        font-size: var(--p-text-s);
      }
      .labels li:first-child {
        color: var(--p-ink);
        font-size: var(--p-text);
        font-weight: 600;
      }
      .labels bdi {
        justify-self: start;
      }
      .labels .bar {
        grid-column: 1 / -1;
      }
      .labels li:not(:first-child) .bar {
        opacity: 0.55;
      }
      .tokens {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-2) var(--p-3);
        line-height: 1.5;
      }
      .tokens span {
        display: inline-grid;
        justify-items: center;
      }
      .tokens small {
        color: var(--p-soft);
        font-size: var(--p-text-xs);
      }
      .tokens .tagged {
        border-block-end: 2px solid var(--p-accent);
      }
      .tokens .tagged small {
        color: var(--p-accent);
      }
      .written {
        white-space: pre-wrap;
        overflow-wrap: anywhere;
      }
    `,
  ];

  @property({ attribute: false }) models: readonly Tried[] = [];
  /** Leaves out the heading, where one stands already. */
  @property({ type: Boolean }) bare = false;
  @state() private answers: readonly Prediction[] | null = null;
  @state() private asking = false;
  @state() private fault: unknown = null;
  @query('textarea') private area!: HTMLTextAreaElement;

  override render() {
    if (!this.isReady || this.models.length === 0) return nothing;
    return html`
      ${
        this.bare
          ? nothing
          : html`<h2>${this.text('comparison.try')}</h2>
              <p class="soft">
                ${this.text('comparison.try.note')}
                ${this.models.length > MOST ? this.text('comparison.try.first', { count: MOST }) : nothing}
              </p>`
      }
      <form @submit=${this.ask}>
        <persopt-field label=${this.text('comparison.try.text')}>
          <textarea dir="auto" rows="3" required maxlength="20000" @keydown=${this.onKey}></textarea>
        </persopt-field>
        <div class="row">
          <button class="button" ?disabled=${this.asking}>
            ${icon('play')}${this.text(this.asking ? 'comparison.try.asking' : 'comparison.try.ask')}
          </button>
        </div>
      </form>
      <div aria-live="polite" aria-busy=${this.asking}>
        ${
          this.fault
            ? html`<persopt-state kind="error" .error=${this.fault} @retry=${this.ask}></persopt-state>`
            : this.asking && !this.answers
              ? html`<persopt-state kind="loading"></persopt-state>`
              : this.answers
                ? html`<div class="answers">${this.answers.map((answer, place) => this.answer(answer, place))}</div>`
                : nothing
        }
      </div>
    `;
  }

  private answer({ labels, tokens, text, fault }: Prediction, place: number) {
    const model = this.models[place];
    const parts = [
      labels.length > 0 ? this.labels(labels) : nothing,
      tokens.length > 0 ? this.tokens(tokens) : nothing,
      text !== null ? html`<p class="written">${own(text)}</p>` : nothing,
      fault
        ? html`<p class="note bad">
            ${own(describeFaultText(fault.message, this.session.translator))}${fault.hint ? html` — ${own(fault.hint)}` : nothing}
          </p>`
        : nothing,
    ];
    return html`<article>
      <h3>${ltr(model?.label ?? '')}</h3>
      ${parts}
    </article>`;
  }

  private labels(labels: Prediction['labels']) {
    return html`<ol class="labels">
      ${labels.map(
        ({ label, probability }) =>
          html`<li>
            ${own(label)}<span class="figure">${this.formats.percent(probability)}</span>
            <progress class="bar" max="1" .value=${probability} aria-hidden="true"></progress>
          </li>`,
      )}
    </ol>`;
  }

  private tokens(tokens: Prediction['tokens']) {
    return html`<p class="tokens" dir="auto">
      ${tokens.map(
        ({ token, label }) =>
          html`<span class=${label === 'O' ? '' : 'tagged'}>${own(token)}<small>${ltr(label)}</small></span>`,
      )}
    </p>`;
  }

  private onKey(event: KeyboardEvent): void {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) void this.ask(event);
  }

  private readonly ask = async (event: Event): Promise<void> => {
    event.preventDefault();
    const text = this.area.value.trim();
    if (!text || this.asking) return;
    this.asking = true;
    this.fault = null;
    try {
      const models = this.models.slice(0, MOST).map(({ name }) => name);
      this.answers = (await this.session.client.predict({ models, text })).predictions;
    } catch (error) {
      this.answers = null;
      this.fault = error;
    } finally {
      this.asking = false;
    }
  };
}
