import { html, nothing, type TemplateResult } from 'lit';
import { property } from 'lit/decorators.js';
import type { Job } from '../../api/types';
import type { Session } from '../../state/session';
import { StudioElement } from '../../ui/element';
import { icon } from '../../ui/icons';
import { surfaces } from '../../ui/surfaces.css';
import '../../ui/copy';
import '../../ui/state';
import { describeNote } from './notes';
import type { PruneReport, QuantizeReport } from './reports';
import { resultStyles } from './result.css';

/** A large figure: what it is, its text, and what stands below it. */
export interface Figure {
  label: string;
  value: unknown;
  /** Of the value, written small beside it. */
  unit?: string;
  note: unknown;
  tone?: 'good' | 'bad' | '';
}

/**
 * What the results of a pruning and of a quantization have in common. They load their texts themselves, so that they
 * can stand anywhere: on their tab and on the job's page.
 */
export abstract class ResultElement<R extends PruneReport | QuantizeReport> extends StudioElement {
  static override styles = [...StudioElement.styles, surfaces, resultStyles];

  @property({ attribute: false }) job: Job | null = null;
  /** `GET /jobs/{id}/report`; null as long as there is none. */
  @property({ attribute: false }) report: R | null = null;

  protected override sessionReady(session: Session): void {
    void session.translator.load('results');
  }

  override render() {
    if (!this.session.translator.has('result.headline')) return html`<persopt-state kind="loading"></persopt-state>`;
    if (this.report) return this.content(this.report);
    const state = this.job?.state;
    const running = state === undefined || state === 'queued' || state === 'running' || state === 'succeeded';
    return running
      ? html`<persopt-state kind="loading"></persopt-state>`
      : html`<p class="soft">${this.text('result.absent')}</p>`;
  }

  protected abstract content(report: R): TemplateResult;

  protected figures(figures: readonly Figure[]): TemplateResult {
    return html`<dl class="figures">
      ${figures.map(
        ({ label, value, unit, note, tone }) => html`
          <div>
            <dt>${label}</dt>
            <dd class=${`value ${tone ?? ''}`}>${value}${unit ? html` <small>${unit}</small>` : nothing}</dd>
            <dd class="caption">${note}</dd>
          </div>
        `,
      )}
    </dl>`;
  }

  /** How many times: the number large, the word for it small. */
  protected times(value: string): TemplateResult {
    const [before = '', after = ''] = this.text('result.times', { times: '\u0000' }).split('\u0000');
    const unit = (text: string) => (text.trim().length > 1 ? html`<small>${text}</small>` : text);
    return html`${unit(before)}${value}${unit(after)}`;
  }

  /** What the server says about the result; what of it we know in the person's language. */
  protected notes(report: R): TemplateResult | typeof nothing {
    if (report.notes.length === 0) return nothing;
    const { translator } = this.session;
    return html`<section>
      <h3>${this.text('result.notes')}</h3>
      <ul class="notes">
        ${report.notes.map((note) => html`<li><bdi dir="auto">${describeNote(note, translator)}</bdi></li>`)}
      </ul>
    </section>`;
  }

  /** Where the model lies, what to do with it next, and the files beside it. */
  protected whereabouts(report: R, next: TemplateResult | typeof nothing): TemplateResult {
    return html`<section>
      <h3>${this.text('result.where')}</h3>
      <div class="row">
        <bdi class="path" dir="ltr">${report.modelPath}</bdi>
        <persopt-copy .content=${report.modelPath}></persopt-copy>
      </div>
      <div class="row">
        ${next}
        ${Object.keys(report.artifacts).map(
          (name) =>
            html`<button class="button quiet" @click=${() => this.save(name)}>
              ${icon('download')}<bdi dir="ltr">${name}</bdi>
            </button>`,
        )}
      </div>
    </section>`;
  }

  private async save(name: string): Promise<void> {
    const { client, notices } = this.session;
    const id = this.job?.id ?? this.report?.jobId ?? '';
    try {
      await client.download(`/jobs/${encodeURIComponent(id)}/artifacts/${encodeURIComponent(name)}`, name);
    } catch (error) {
      notices.showError(error);
    }
  }

  /** On what, and with how many threads, times were measured. */
  protected machine(report: R, threads: number, device: string): string {
    const { cpu, gpus } = report.environment;
    const name = device === 'cpu' ? cpu?.model : gpus?.[0]?.name;
    return this.text('result.machine', { machine: name ?? device, count: threads });
  }
}
