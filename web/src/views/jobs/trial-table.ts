import { css, html, nothing } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import type { Job, Trial } from '../../api/types';
import { describeFaultText } from '../../i18n/fault-words';
import { knobName } from '../../i18n/knobs';
import { metricName, metricValue } from '../../i18n/metrics';
import { controls } from '../../ui/controls.css';
import { ltr, own, StudioElement } from '../../ui/element';
import '../../ui/field';
import { icon } from '../../ui/icons';
import '../../ui/state';
import { surfaces } from '../../ui/surfaces.css';
import { arrange, cellOf, parameterNames, type Sorting, type TrialState } from './trial-rows';

const PAGE = 25;
const STATES: readonly TrialState[] = ['running', 'succeeded', 'stopped', 'failed', 'cancelled'];

/** `<persopt-trial-table .job .trials .objectives>`: all trials: sorted by any column, filtered, page by page. */
@customElement('persopt-trial-table')
export class TrialTableElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    surfaces,
    controls,
    css`
      :host {
        display: block;
      }
      .filters {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-4);
        margin-block-end: var(--p-4);
      }
      .filters persopt-field {
        inline-size: 13rem;
        max-inline-size: 100%;
      }
      .sort {
        display: inline-flex;
        align-items: center;
        gap: var(--p-1);
        padding: 0;
        border: 0;
        background: none;
        color: inherit;
        font: inherit;
        cursor: pointer;
      }
      .sort:hover {
        color: var(--p-ink);
      }
      .sort .icon {
        inline-size: 0.9em;
        block-size: 0.9em;
        visibility: hidden;
      }
      [aria-sort='ascending'] .icon,
      [aria-sort='descending'] .icon {
        visibility: visible;
      }
      [aria-sort='ascending'] .icon {
        transform: scaleY(-1);
      }
      [aria-sort]:not([aria-sort='none']) .sort {
        color: var(--p-ink);
        font-weight: 600;
      }
      tr.best td,
      tr.best th {
        background: var(--p-accent-soft);
      }
      tr > :first-child {
        padding-inline-start: var(--p-2);
      }
      .number .sort {
        flex-direction: row-reverse;
      }
      td {
        white-space: nowrap;
      }
      .tag.stopped {
        color: var(--p-warn);
      }
      .fault {
        min-inline-size: 14rem;
        max-inline-size: 22rem;
        color: var(--p-bad);
        white-space: normal;
        overflow-wrap: anywhere;
      }
      .stopped + .fault {
        color: var(--p-soft);
      }
      .pages {
        display: flex;
        align-items: center;
        gap: var(--p-4);
        margin-block-start: var(--p-4);
        font-size: var(--p-text-s);
      }
    `,
  ];

  @property({ attribute: false }) job!: Job;
  @property({ attribute: false }) trials: readonly Trial[] = [];
  /** Names of the objectives, in the order of the trials' values. */
  @property({ attribute: false }) objectives: readonly string[] = [];
  @property({ attribute: false }) best: number | null = null;
  @state() private sorting: Sorting = { by: 'number', down: false };
  @state() private filter: { state: TrialState | ''; words: string } = { state: '', words: '' };
  @state() private page = 0;

  override render() {
    if (this.trials.length === 0) {
      return html`<persopt-state kind="empty" heading=${this.text('jobs.trials.none')}></persopt-state>`;
    }
    const rows = arrange(this.trials, this.sorting, this.filter, (name) => knobName(name, this.session.translator));
    const pages = Math.max(Math.ceil(rows.length / PAGE), 1);
    const page = Math.min(this.page, pages - 1);
    const shown = rows.slice(page * PAGE, (page + 1) * PAGE);
    const params = parameterNames(this.trials);
    return html`
      ${this.filters()}
      <div class="scroller" tabindex="0" role="region" aria-label=${this.text('jobs.trials')}>
        <table>
          <thead>
            <tr>
              ${this.head('number', '#')}
              ${this.objectives.map((name, index) => this.head(`value.${index}`, metricName(name, this.session.translator), true))}
              ${params.map((name) => this.head(`param.${name}`, own(knobName(name, this.session.translator)), this.isNumeric(name)))}
              ${this.head('seconds', this.text('jobs.trial.time'), true)}
              ${this.head('state', this.text('jobs.trial.state'))}
              <th scope="col"><span class="visually-hidden">${this.text('jobs.log')}</span></th>
            </tr>
          </thead>
          <tbody>
            ${shown.map((trial) => this.row(trial, params))}
          </tbody>
        </table>
      </div>
      ${rows.length === 0 ? html`<p class="soft small">${this.text('jobs.trials.nomatch')}</p>` : nothing}
      ${pages > 1 ? this.pages(page, pages) : nothing}
    `;
  }

  private row(trial: Trial, params: readonly string[]) {
    const isBest = trial.number === this.best;
    return html`<tr class=${isBest ? 'best' : ''}>
      <th scope="row">
        ${this.formats.number(trial.number)}${isBest ? html`<span class="visually-hidden">${this.text('jobs.best')}</span>` : nothing}
      </th>
      ${this.objectives.map((name, index) => html`<td class="number">${this.value(name, cellOf(trial, `value.${index}`))}</td>`)}
      ${params.map((name) => html`<td class=${this.isNumeric(name) ? 'number' : ''}>${this.cell(cellOf(trial, `param.${name}`))}</td>`)}
      <td class="number">${trial.seconds === null ? '—' : this.formats.duration(trial.seconds)}</td>
      <td>
        <span class=${`tag ${trial.state}`}>${this.text(`jobs.trial.${trial.state}`)}</span>
        ${trial.attempt > 1 ? html`<span class="soft">${this.text('jobs.attempt', { count: trial.attempt })}</span>` : nothing}
        ${trial.fault ? html`<div class="fault"><bdi dir="auto">${describeFaultText(trial.fault.message, this.session.translator)}</bdi></div>` : nothing}
      </td>
      <td>
        ${
          this.job.kind === 'tune' // a candidate of a compression writes into the job's own log
            ? html`<a
                href=${this.session.router.href(`/jobs/${this.job.id}/log?trial=${trial.number}`)}
                aria-label=${this.text('jobs.log.of', { number: trial.number })}
                >${this.text('jobs.log')}</a
              >`
            : nothing
        }
      </td>
    </tr>`;
  }

  private value(metric: string, value: number | string | boolean | null) {
    return typeof value === 'number' ? metricValue(metric, value, this.formats) : this.cell(value);
  }

  private cell(value: number | string | boolean | null) {
    if (value === null) return '—';
    return typeof value === 'number' ? this.formats.significant(value) : ltr(String(value));
  }

  private isNumeric(name: string): boolean {
    return this.trials.every(({ params }) => params[name] === undefined || typeof params[name] === 'number');
  }

  private head(by: string, label: unknown, isNumber = false) {
    const { sorting } = this;
    const sort = sorting.by !== by ? 'none' : sorting.down ? 'descending' : 'ascending';
    return html`<th scope="col" class=${isNumber ? 'number' : ''} aria-sort=${sort}>
      <button class="sort" @click=${() => this.sortBy(by)}>${label}${icon('down')}</button>
    </th>`;
  }

  private filters() {
    const counts = new Map<TrialState, number>();
    for (const { state } of this.trials) counts.set(state, (counts.get(state) ?? 0) + 1);
    return html`<div class="filters">
      <persopt-field label=${this.text('jobs.filter.state')}>
        <select
          @change=${(event: Event) => this.narrow({ state: (event.target as HTMLSelectElement).value as TrialState | '' })}
        >
          <option value="">${this.text('jobs.filter.all')}</option>
          ${STATES.filter((name) => counts.has(name)).map(
            (name) =>
              html`<option value=${name}>
                ${this.text(`jobs.trial.${name}`)} (${this.formats.number(counts.get(name) ?? 0)})
              </option>`,
          )}
        </select>
      </persopt-field>
      <persopt-field label=${this.text('jobs.filter.words')}>
        <input
          type="search"
          dir="auto"
          placeholder="batchSize=16"
          @input=${(event: Event) => this.narrow({ words: (event.target as HTMLInputElement).value })}
        />
      </persopt-field>
    </div>`;
  }

  private pages(page: number, pages: number) {
    return html`<nav class="pages" aria-label=${this.text('jobs.pages')}>
      <button class="button" ?disabled=${page === 0} @click=${() => (this.page = page - 1)}>
        ${this.text('jobs.page.before')}
      </button>
      <span>${this.text('jobs.page', { page: page + 1, pages })}</span>
      <button class="button" ?disabled=${page >= pages - 1} @click=${() => (this.page = page + 1)}>
        ${this.text('jobs.page.after')}
      </button>
    </nav>`;
  }

  private sortBy(by: string): void {
    const startsDown = by.startsWith('value.');
    this.sorting = this.sorting.by === by ? { by, down: !this.sorting.down } : { by, down: startsDown };
    this.page = 0;
  }

  private narrow(change: Partial<typeof this.filter>): void {
    this.filter = { ...this.filter, ...change };
    this.page = 0;
  }
}
