import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import '../../charts/bars';
import '../../charts/lines';
import '../../charts/parallel';
import '../../charts/scatter';
import type { LegendEntry } from '../../charts/chart';
import type { ScatterPoint } from '../../charts/scatter';
import { knobName } from '../../i18n/knobs';
import { metricInSentence, metricName, metricValue } from '../../i18n/metrics';
import { isActive } from '../../state/jobs';
import { ltr, own, StudioElement } from '../../ui/element';
import { surfaces } from '../../ui/surfaces.css';
import '../../ui/state';
import { curveLines, hasShares, historyLines, parallelOf, type ChartWords } from './tune-charts';
import type { TuneReport } from './tune-report';

/**
 * `<persopt-tune-result .job .report>`: what a tuning found: the best trial, how the search went, what mattered, how
 * the trials learned.
 *
 * @fires trial with a trial's number in `detail` when it is picked in a chart
 */
@customElement('persopt-tune-result')
export class TuneResultElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    css`
      :host {
        display: grid;
        gap: var(--p-7);
      }
      .best {
        display: grid;
        grid-template-columns: minmax(12rem, auto) minmax(0, 1fr);
        gap: var(--p-5) var(--p-7);
        align-items: end;
      }
      .value {
        font-size: var(--p-text-figure);
        font-weight: 300;
        line-height: 1.35;
        font-variant-numeric: var(--p-numerals);
      }
      .params {
        display: grid;
        grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));
        gap: var(--p-3) var(--p-5);
        font-size: var(--p-text-s);
      }
      .params dt {
        color: var(--p-soft);
      }
      .params dd {
        font-weight: 500;
        overflow-wrap: anywhere;
      }
      .charts {
        display: grid;
        grid-template-columns: repeat(auto-fit, minmax(min(100%, 26rem), 1fr));
        gap: var(--p-7) var(--p-6);
      }
      .wide {
        grid-column: 1 / -1;
      }
      @media (max-width: 44rem) {
        .best {
          grid-template-columns: minmax(0, 1fr);
        }
      }
    `,
  ];

  @property({ attribute: false }) job!: Job;
  @property({ attribute: false }) report: TuneReport | null = null;

  override render() {
    const { report } = this;
    if (!report) return html`<persopt-state kind="loading"></persopt-state>`;
    if (report.trials.length === 0) {
      return html`<persopt-state kind="empty" heading=${this.text('jobs.trials.none')}>
        ${this.text(isActive(this.job) ? 'jobs.trials.none.yet' : 'jobs.trials.none.ever')}
      </persopt-state>`;
    }
    const [objective] = report.objectives;
    if (!objective) return nothing;
    return html`
      ${this.best(report, objective.metric)}
      <div class="charts" @pick=${this.pick}>
        ${this.history(report)} ${this.front(report)} ${this.importances(report)} ${this.curves(report)}
        ${this.parallel(report)}
      </div>
    `;
  }

  private best({ best, objectives, constraints, feasible, endedBy, trials }: TuneReport, metric: string) {
    if (!best) return html`<p class="note">${this.text('jobs.best.none')}</p>`;
    const { formats } = this;
    const key = `jobs.ended.${endedBy}`;
    const ended = this.session.translator.has(key) ? this.text(key) : '';
    const more = objectives.slice(1).map(({ metric: name }, index) => [name, best.values[index + 1]] as const);
    return html`<section class="best" aria-label=${this.text('jobs.best.title')}>
      <div>
        <h2 class="small soft">${this.text('jobs.best.title')} — ${this.name(metric)}</h2>
        <p class="value">${metricValue(metric, best.values[0] ?? Number.NaN, formats)}</p>
        ${more.map(
          ([name, value]) =>
            html`<p class="small">
              ${this.name(name)}: ${value === null || value === undefined ? '—' : metricValue(name, value, formats)}
            </p>`,
        )}
        <p class="small soft">
          ${this.text('jobs.best.of', { number: best.number, count: trials.length })} ${ended}
          ${constraints.length > 0 && feasible !== null ? this.text('jobs.feasible', { count: feasible }) : nothing}
        </p>
      </div>
      <dl class="params">
        ${Object.entries(best.params).map(
          ([name, value]) =>
            html`<div>
              <dt>${own(knobName(name, this.session.translator))}</dt>
              <dd>${this.value(value)}</dd>
            </div>`,
        )}
      </dl>
    </section>`;
  }

  private history(report: TuneReport) {
    const [objective] = report.objectives;
    if (!objective) return nothing;
    return html`<persopt-lines
      pickable
      label=${this.text('jobs.history')}
      summary=${this.text('jobs.history.summary', { count: report.trials.length, metric: this.name(objective.metric) })}
      .lines=${historyLines(report.trials, objective, this.words())}
      .x=${{ label: this.text('jobs.trial.number'), whole: true }}
      .y=${this.axis(objective.metric)}
    ></persopt-lines>`;
  }

  /** With several objectives: the first two of them against each other. */
  private front(report: TuneReport) {
    const [first, second] = report.objectives;
    if (!first || !second) return nothing;
    const better = ({ direction }: typeof first) => (direction === 'minimize' ? 'lower' : 'higher');
    const points = report.trials
      .filter(({ values, state }) => state === 'succeeded' && values.length > 1)
      .map((trial): ScatterPoint => ({
        id: String(trial.number),
        name: this.text('jobs.trial.name', { number: trial.number }),
        x: trial.values[1] ?? Number.NaN,
        y: trial.values[0] ?? Number.NaN,
        chosen: trial.number === report.best?.number,
        faint: false,
        labelled: report.pareto.includes(trial.number),
      }));
    return html`<persopt-scatter
      pickable
      label=${this.text('jobs.objectives')}
      .points=${points}
      .x=${this.axis(second.metric)}
      .y=${this.axis(first.metric)}
      .front=${{ x: better(second), y: better(first), label: this.text('jobs.front') }}
    ></persopt-scatter>`;
  }

  private importances(report: TuneReport) {
    return report.objectives.map(({ metric }) => {
      const shares = Object.entries(report.importances[metric] ?? {});
      const key = `jobs.importances.${report.importanceNotes[metric] ?? ''}`;
      const note = this.session.translator.has(key) ? this.text(key) : '';
      if (shares.length === 0 && !note) return nothing;
      const label = this.text('jobs.importances', { metric: metricInSentence(metric, this.session.translator) });
      return html`<div>
        ${
          shares.length === 0
            ? html`<h3 class="small">${label}</h3>`
            : html`<persopt-bars
                label=${label}
                .bars=${shares.map(([name, value]) => ({ name: knobName(name, this.session.translator), value }))}
                .axis=${{ label: this.text('jobs.share'), format: (value: number) => this.formats.percent(value) }}
              ></persopt-bars>`
        }
        ${note ? html`<p class="small soft">${note}</p>` : nothing}
      </div>`;
    });
  }

  private curves(report: TuneReport) {
    const [objective] = report.objectives;
    if (!objective || report.curves.length === 0) return nothing;
    const lines = curveLines(report, objective.metric, this.words());
    if (lines.every(({ points }) => points.length < 2)) return nothing;
    const byShare = hasShares(report.curves);
    const entries: LegendEntry[] = lines.some(({ end }) => end)
      ? [{ label: this.text('jobs.stopped.mark'), series: 0, shape: 'cross' }]
      : [];
    return html`<persopt-lines
      class="wide"
      pickable
      label=${this.text('jobs.curves')}
      summary=${this.text('jobs.curves.summary', { count: lines.length })}
      .lines=${lines}
      .entries=${entries}
      .x=${
        byShare
          ? { label: this.text('jobs.share.done'), format: (value: number) => this.formats.percent(value, 0) }
          : { label: this.text('jobs.step'), whole: true }
      }
      .y=${this.axis(objective.metric)}
    ></persopt-lines>`;
  }

  private parallel(report: TuneReport) {
    const { axes, lines } = parallelOf(report, this.words());
    if (axes.length < 2 || lines.length < 2) return nothing;
    return html`<persopt-parallel
      class="wide"
      pickable
      height="320"
      label=${this.text('jobs.parallel')}
      summary=${this.text('jobs.parallel.summary', { count: lines.length })}
      .axes=${axes}
      .lines=${lines}
    ></persopt-parallel>`;
  }

  private name(metric: string): string {
    return metricName(metric, this.session.translator);
  }

  /** The axis of a metric, with its unit. */
  private axis(metric: string) {
    return { label: this.name(metric), format: (value: number) => metricValue(metric, value, this.formats) };
  }

  private words(): ChartWords {
    return {
      trials: this.text('jobs.trials'),
      stopped: this.text('jobs.stopped'),
      best: this.text('jobs.best.sofar'),
      trial: (number) => this.text('jobs.trial.name', { number }),
      metric: (name) => this.axis(name),
      knob: (name) => knobName(name, this.session.translator),
    };
  }

  private value(value: boolean | number | string) {
    return typeof value === 'number' ? this.formats.significant(value) : ltr(String(value));
  }

  private readonly pick = (event: CustomEvent<string>): void => {
    this.dispatchEvent(new CustomEvent('trial', { detail: Number(event.detail) }));
  };
}
