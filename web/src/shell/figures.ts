import { css, html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { Figures, Session } from '../state/session';
import { Watch } from '../state/signal';
import { StudioElement } from '../ui/element';

/** `<persopt-figures>`: the four figures over everything that was optimized here. */
@customElement('persopt-figures')
export class FiguresElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      :host {
        display: block;
        container-type: inline-size;
      }
      dl {
        display: grid;
        grid-template-columns: repeat(4, 1fr);
        border-block-end: 1px solid var(--p-line);
      }
      div {
        display: grid;
        grid-template-rows: auto auto 1fr;
        padding: var(--p-5);
        border-inline-start: 1px solid var(--p-line);
      }
      div:first-child {
        padding-inline-start: 0;
        border: 0;
      }
      dt {
        color: var(--p-soft);
        font-size: var(--p-text-s);
      }
      .value {
        font-size: var(--p-text-figure);
        font-weight: 300;
        line-height: 1.35;
        font-variant-numeric: var(--p-numerals);
        letter-spacing: -0.01em;
        white-space: nowrap;
      }
      .value small {
        font-size: 0.4em;
        font-weight: 400;
        letter-spacing: 0;
        color: var(--p-soft);
      }
      .caption {
        min-block-size: 1lh;
        color: var(--p-soft);
        font-size: var(--p-text-s);
        line-height: 1.5;
      }
      .running {
        color: var(--p-accent);
        font-weight: 500;
      }
      .value.none {
        color: var(--p-edge);
        font-weight: 200;
      }
      .value.none::before {
        content: '';
        display: inline-block;
        inline-size: 0.5em;
        border-block-start: 1px solid currentColor;
        vertical-align: 0.3em;
      }
      @container (max-width: 44rem) {
        dl {
          grid-template-columns: 1fr 1fr;
        }
        div {
          grid-template-columns: 1fr auto;
          grid-template-rows: auto;
          align-items: baseline;
          column-gap: var(--p-2);
          padding: var(--p-2) var(--p-3);
        }
        div:nth-child(odd) {
          padding-inline-start: 0;
          border: 0;
        }
        div:nth-child(even) {
          padding-inline-end: 0;
        }
        div:nth-child(n + 3) {
          border-block-start: 1px solid var(--p-line);
        }
        .value {
          font-size: var(--p-text-l);
          font-weight: 500;
          line-height: 1.5;
          letter-spacing: 0;
        }
        .value small {
          font-size: var(--p-text-xs);
        }
        .caption {
          grid-column: 1 / -1;
          overflow: hidden;
          font-size: var(--p-text-xs);
          line-height: 1.5;
          text-overflow: ellipsis;
          white-space: nowrap;
        }
      }
    `,
  ];

  protected override sessionReady(session: Session): void {
    new Watch(this, session.figures);
  }

  override render() {
    const { value } = this.session.figures.value;
    return html`
      <h2 class="visually-hidden">${this.text('figures.title')}</h2>
      <dl>${value ? this.cards(value) : this.empty()}</dl>
    `;
  }

  private cards({ totals, running, waiting }: Figures) {
    const { formats } = this;
    const finished = Math.max(totals.totalOptimizations - running - waiting, 0);
    const tried = totals.successfulTrials > 0;
    return [
      this.card(
        this.text('figures.jobs'),
        formats.number(totals.totalOptimizations),
        running > 0
          ? html`<span class="running">${this.text('figures.jobs.note', { running, count: finished })}</span>`
          : this.text('figures.jobs.idle', { count: finished }),
      ),
      this.card(
        this.text('figures.improvement'),
        tried ? formats.percent(totals.averageImprovement / 100) : null,
        this.text('figures.improvement.note'),
      ),
      this.card(
        this.text('figures.accuracy'),
        totals.bestModelAccuracy > 0 ? formats.percent(totals.bestModelAccuracy) : null,
        this.text('figures.accuracy.note', { count: totals.successfulTrials }),
      ),
      this.card(
        this.text('figures.time'),
        this.spent(totals.totalTrainingTime * 3600),
        totals.averageTrialTime > 0
          ? this.text('figures.time.note', { time: formats.duration(totals.averageTrialTime * 60) })
          : this.text('figures.time.none'),
      ),
    ];
  }

  /** The largest unit large, and the word for it small. */
  private spent(seconds: number) {
    if (seconds === 0) return null;
    const [unit, size] =
      seconds >= 3600
        ? (['hour', 3600] as const)
        : seconds >= 60
          ? (['minute', 60] as const)
          : (['second', 1] as const);
    return this.formats
      .unitParts(seconds / size, unit)
      .map((part) =>
        part.type === 'unit' || part.type === 'literal' ? html`<small>${part.value}</small>` : part.value,
      );
  }

  private empty() {
    const keys = ['figures.jobs', 'figures.improvement', 'figures.accuracy', 'figures.time'] as const;
    return keys.map((key) => this.card(this.text(key), null, nothing));
  }

  private card(label: string, value: unknown, note: unknown) {
    return html`<div>
      <dt>${label}</dt>
      ${
        value === null
          ? html`<dd class="value none"><span class="visually-hidden">${this.text('figures.none')}</span></dd>`
          : html`<dd class="value">${value}</dd>`
      }
      <dd class="caption">${note}</dd>
    </div>`;
  }
}
