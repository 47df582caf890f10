import { html, nothing, type PropertyValues } from 'lit';
import { customElement, property, state } from 'lit/decorators.js';
import { ltr, own } from '../../ui/element';
import { icon } from '../../ui/icons';
import '../../ui/state';
import { ComparisonElement } from './comparison-element';
import type { CompareReport } from './reports';

const SHOWN = 20;
const FILE = 'differences.jsonl';

interface Difference {
  row: number;
  columns: Readonly<Record<string, unknown>>;
  answers: Readonly<Record<string, unknown>>;
  right: Readonly<Record<string, boolean>>;
}

/** `<persopt-differences .report=… job-id=…>`: rows that not all models answer alike, with each one's answer. */
@customElement('persopt-differences')
export class DifferencesElement extends ComparisonElement {
  @property({ attribute: false }) report!: CompareReport;
  @property({ attribute: 'job-id' }) jobId = '';
  @state() private rows: readonly Difference[] | null = null;
  @state() private fault: unknown = null;
  @state() private most = SHOWN;

  override willUpdate(changed: PropertyValues<this>): void {
    if ((changed.has('report') || changed.has('jobId')) && this.jobId && this.report.differences > 0) void this.load();
  }

  override render() {
    const { report } = this;
    const answered = report.pairs.some(({ agreement }) => agreement !== null);
    if (!this.isReady || report.rows === 0 || !answered) return nothing;
    return html`
      <h2>${this.text('comparison.differences')}</h2>
      <p class="soft">
        ${
          report.differences === 0
            ? this.text('comparison.differences.none', { count: report.rows })
            : this.text('comparison.differences.note', { count: report.differences, rows: report.rows })
        }
      </p>
      ${report.differences > 0 && this.jobId ? this.content() : nothing}
    `;
  }

  private content() {
    if (this.fault) {
      return html`<persopt-state kind="error" .error=${this.fault} @retry=${() => this.load()}></persopt-state>`;
    }
    const { rows } = this;
    if (!rows) return html`<persopt-state kind="loading"></persopt-state>`;
    const columns = Object.keys(rows[0]?.columns ?? {});
    const labels = this.report.models.map(({ label }) => label);
    return html`
      <div class="scroller" tabindex="0" role="region" aria-label=${this.text('comparison.differences')}>
        <table>
          <thead>
            <tr>
              <th scope="col" class="number">${this.text('comparison.column.row')}</th>
              ${columns.map((name) => html`<th scope="col">${own(name)}</th>`)}
              ${labels.map((label) => html`<th scope="col">${ltr(label)}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${rows.slice(0, this.most).map(
              (one) =>
                html`<tr>
                  <td class="number">${this.formats.number(one.row)}</td>
                  ${columns.map((name) => html`<td>${own(tell(one.columns[name]))}</td>`)}
                  ${labels.map((label) => html`<td>${this.answer(one, label)}</td>`)}
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
      <p class="row">
        ${
          rows.length > this.most
            ? html`<button class="button quiet" @click=${() => (this.most += SHOWN)}>
                ${icon('down')}${this.text('comparison.differences.more', { count: rows.length - this.most })}
              </button>`
            : nothing
        }
      </p>
    `;
  }

  private answer({ answers, right }: Difference, label: string) {
    const said = own(tell(answers[label]));
    const isRight = right[label];
    if (isRight === undefined) return said;
    return html`<span class=${isRight ? 'good' : 'bad'}
      >${icon(isRight ? 'check' : 'close')}<span class="visually-hidden"
        >${this.text(isRight ? 'comparison.right' : 'comparison.wrong')}</span
      >
      ${said}</span
    >`;
  }

  private async load(): Promise<void> {
    this.fault = null;
    try {
      const answer = await this.session.client.fetch(`/jobs/${encodeURIComponent(this.jobId)}/artifacts/${FILE}`);
      const lines = (await answer.text()).split('\n').filter(Boolean);
      this.rows = lines.map((line) => JSON.parse(line) as Difference);
    } catch (error) {
      this.fault = error;
    }
  }
}

function tell(value: unknown): string {
  if (value === null || value === undefined) return '—';
  if (Array.isArray(value)) return value.map(tell).join(' ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}
