import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { metricInSentence } from '../../i18n/metrics';
import { catalogOf } from '../../state/catalog';
import type { Session } from '../../state/session';
import { Watch } from '../../state/signal';
import { ltr } from '../../ui/element';
import { icon } from '../../ui/icons';
import { taskOf } from './draft';
import { defaultObjective } from './metrics';
import { DraftSection } from './section';
import { countPoints } from './space';

/**
 * `<persopt-tuning-summary>`: in a few lines what will be done, and the button that does it.
 *
 * @fires start
 * @fires reset
 */
@customElement('persopt-tuning-summary')
export class TuningSummaryElement extends DraftSection {
  static override styles = [
    ...DraftSection.styles,
    css`
      .lead {
        font-size: var(--p-text);
        line-height: 1.8;
      }
      .start {
        inline-size: 100%;
      }
      .reset {
        justify-self: start;
        padding-inline: 0;
      }
      .reset:hover {
        background: none;
        text-decoration: underline;
        text-underline-offset: 0.25em;
      }
    `,
  ];

  @property({ type: Boolean }) busy = false;

  protected override sessionReady(session: Session): void {
    new Watch(this, catalogOf(session).contributions);
  }

  override render() {
    const { draft } = this;
    return html`
      <h2>${this.text('tuning.summary')}</h2>
      <p class="lead">${this.sentence()}</p>
      <dl class="facts">
        ${this.fact('forms.model', draft.model && ltr(draft.model))}
        ${this.fact('forms.dataset', draft.dataset && ltr(draft.dataset))}
        ${this.fact('tuning.summary.points', this.points())}
        ${draft.parallel && draft.parallel > 1 ? this.fact('tuning.parallel', this.formats.number(draft.parallel)) : nothing}
        ${draft.stopping.method === 'none' ? nothing : this.fact('tuning.stopping', this.text(`tuning.stopping.${draft.stopping.method}`))}
        ${this.fact('forms.output', draft.output ? ltr(draft.output) : this.text('tuning.output.job'))}
      </dl>
      <button class="button primary start" type="button" aria-disabled=${this.busy} @click=${this.start}>
        ${icon('play')}${this.text(this.busy ? 'tuning.starting' : 'tuning.start')}
      </button>
      <button class="button quiet reset small" type="button" @click=${() => this.dispatchEvent(new Event('reset'))}>
        ${this.text('tuning.reset')}
      </button>
    `;
  }

  private sentence(): string {
    const { draft, formats } = this;
    const objectives = draft.objectives.length > 0 ? draft.objectives : [defaultObjective(taskOf(draft))];
    const names = objectives.map(({ metric }) => metricInSentence(metric, this.session.translator));
    const points = countPoints(draft.space);
    const isWholeGrid = draft.strategy === 'grid' && draft.maxTrials === null;
    const trials = isWholeGrid ? points : (draft.maxTrials ?? 10);
    const values = {
      count: Number.isFinite(trials) ? trials : 0,
      strategy: this.strategyText(),
      knobs: this.text('tuning.summary.knobs', { count: draft.space.length }),
      goal: formats.list(names),
    };
    return this.text('tuning.summary.text', values);
  }

  private points(): string {
    const points = countPoints(this.draft.space);
    if (!Number.isFinite(points)) return this.text('tuning.summary.continuous');
    return this.text('tuning.summary.count', { count: points });
  }

  private strategyText(): string {
    const { strategy } = this.draft;
    const all = catalogOf(this.session).contributions.value.value ?? [];
    const found = all.find(({ kind, name }) => kind === 'sampling-strategy' && name === strategy);
    const title = found?.title[this.formats.language] ?? strategy;
    return title.replace(/\s*\(.*\)$/, '');
  }

  private fact(
    key:
      | 'forms.model'
      | 'forms.dataset'
      | 'forms.output'
      | 'tuning.parallel'
      | 'tuning.stopping'
      | 'tuning.summary.points',
    value: unknown,
  ) {
    return html`<dt>${this.text(key)}</dt>
      <dd>${value || '—'}</dd>`;
  }

  private start(): void {
    if (!this.busy) this.dispatchEvent(new Event('start'));
  }
}
