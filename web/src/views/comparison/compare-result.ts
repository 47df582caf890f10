import { css, html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import { ltr, own, place } from '../../ui/element';
import '../../ui/state';
import { ComparisonElement } from './comparison-element';
import './differences';
import './models';
import './quality';
import './report-files';
import type { CompareReport } from './reports';
import './slices';
import './speed';
import './trade';
import './try-models';
import './verdict';

/**
 * `<persopt-compare-result .job=… .report=…>`: what a comparison found. Without a job, as a part of something else,
 * it leaves out files, rows that differ, and trying the models.
 */
@customElement('persopt-compare-result')
export class CompareResultElement extends ComparisonElement {
  static override styles = [
    ...ComparisonElement.styles,
    css`
      .section:empty {
        display: none;
      }
      .notes {
        display: grid;
        gap: var(--p-2);
        margin-block-start: var(--p-5);
        padding: 0;
        list-style: none;
      }
      dl.facts {
        margin-block-start: var(--p-4);
      }
    `,
  ];

  @property({ attribute: false }) job: Job | null = null;
  @property({ attribute: false }) report: CompareReport | null = null;

  override render() {
    const { report, job } = this;
    if (!report || !this.isReady) return this.withoutReport(job);
    const notes = report.notes[this.formats.language] ?? [];
    const id = job?.id ?? '';
    const hasTrade =
      report.metric !== null && report.models.filter(({ quality }) => quality[report.metric ?? '']).length > 1;
    const answered = report.rows > 0 && report.pairs.some(({ agreement }) => agreement !== null);
    return html`
      <div class="section">
        <persopt-verdict .report=${report}></persopt-verdict>
        ${
          notes.length > 0
            ? html`<ul class="notes" role="list">
                ${notes.map((note) => html`<li class="note">${own(note)}</li>`)}
              </ul>`
            : nothing
        }
      </div>
      ${part(hasTrade, html`<persopt-trade .report=${report}></persopt-trade>`)}
      ${part(true, html`<persopt-compared-models .report=${report}></persopt-compared-models>`)}
      ${part(report.metric !== null, html`<persopt-quality .report=${report}></persopt-quality>`)}
      ${part(
        report.models.some(({ speed }) => speed.length > 0),
        html`<persopt-speed .report=${report}></persopt-speed>`,
      )}
      ${part(report.slices.length > 0, html`<persopt-slices .report=${report}></persopt-slices>`)}
      ${part(
        answered,
        html`<persopt-differences .report=${report} job-id=${report.differences > 0 ? id : ''}></persopt-differences>`,
      )}
      ${part(
        id !== '' && report.task !== 'image-classification',
        html`<persopt-try-models
          .models=${report.models.map(({ path, label }) => ({ name: path, label }))}
        ></persopt-try-models>`,
      )}
      ${part(id !== '', html`<persopt-report-files job-id=${id}></persopt-report-files>`)}
      ${part(true, this.facts(report))}
    `;
  }

  private facts(report: CompareReport) {
    const { formats } = this;
    const { cpu, platform } = report.environment as { cpu?: { model?: string }; platform?: string };
    const rows: [string, unknown][] = [
      [this.text('comparison.fact.data'), report.spec?.datasetPath ? place(report.spec.datasetPath) : ''],
      [this.text('comparison.fact.rows'), report.rows ? formats.number(report.rows) : ''],
      [this.text('comparison.fact.confidence'), formats.percent(report.confidence, 0)],
      [this.text('comparison.fact.threads'), formats.number(report.threads)],
      [this.text('comparison.fact.cpu'), cpu?.model ? ltr(cpu.model) : ''],
      [this.text('comparison.fact.platform'), platform ? ltr(platform) : ''],
      [this.text('comparison.fact.time'), report.seconds ? formats.duration(report.seconds) : ''],
    ];
    return html`<h2>${this.text('comparison.facts')}</h2>
      <dl class="facts">
        ${rows
          .filter(([, value]) => value !== '')
          .map(
            ([name, value]) =>
              html`<dt>${name}</dt>
                <dd>${value}</dd>`,
          )}
      </dl>`;
  }
}

function part(there: boolean, content: unknown) {
  return there ? html`<section class="section">${content}</section>` : nothing;
}
