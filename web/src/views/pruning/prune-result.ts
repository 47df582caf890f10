import { html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { ltr, own } from '../../ui/element';
import '../results/bar-table';
import '../results/before-after';
import { headline } from '../results/headline';
import type { PruneReport } from '../results/reports';
import { ResultElement } from '../results/result-element';
import { pruneFigures, pruneMeasures, pruneOutcome } from './prune-facts';
import { structuredSection, vocabularySection } from './prune-sections';

/**
 * `<persopt-prune-result .job .report>`: what a pruning gave: a sentence, the model before and after, sparsity of each
 * tensor, what is left of heads and neurons, the vocabulary.
 */
@customElement('persopt-prune-result')
export class PruneResultElement extends ResultElement<PruneReport> {
  protected override content(report: PruneReport) {
    const { translator } = this.session;
    const { latency } = report;
    return html`
      <p class="headline">${headline(pruneOutcome(report), translator)}</p>
      ${this.figures(pruneFigures(report, translator, (value) => this.times(value)))}
      <section>
        <h3>${this.text('result.compared')}</h3>
        <persopt-before-after
          caption=${this.text('result.compared')}
          .measures=${pruneMeasures(report, this.job, translator)}
        ></persopt-before-after>
        ${latency ? html`<p class="soft small">${this.machine(report, latency.threads, latency.device)}</p>` : nothing}
      </section>
      ${this.sparsity(report)} ${structuredSection(report, this)} ${vocabularySection(report, this)}
      ${this.onnx(report)} ${this.notes(report)}
      ${this.whereabouts(
        report,
        html`<a
          class="button"
          href=${this.session.router.href(`/quantization?model=${encodeURIComponent(report.modelPath)}`)}
          >${this.text('result.next.quantize')}</a
        >`,
      )}
    `;
  }

  private sparsity(report: PruneReport) {
    const tensors = report.tensors.filter(({ pruned }) => pruned);
    if (tensors.length === 0) return nothing;
    const { formats } = this;
    const rows = tensors.map(({ name, sparsity, parameters, zeros }) => ({
      name,
      share: sparsity,
      value: formats.percent(sparsity),
      cells: [formats.number(zeros), formats.number(parameters)],
    }));
    const headings = ['result.tensor', 'result.sparsity', 'result.zeros', 'result.weights'] as const;
    return html`<section>
      <h3>${this.text('result.sparsity.title')}</h3>
      <p class="soft small">
        ${this.text('result.sparsity.text', {
          count: tensors.length,
          all: formats.number(report.tensors.length),
          share: formats.percent(report.modelSparsity),
        })}
      </p>
      <persopt-bar-table
        caption=${this.text('result.sparsity.title')}
        .headings=${headings.map((key) => this.text(key))}
        .rows=${rows}
      ></persopt-bar-table>
    </section>`;
  }

  private onnx({ onnx }: PruneReport) {
    if (!onnx) return nothing;
    return html`<section>
      <h3>${this.text('result.onnx')}</h3>
      <dl class="facts">
        <dt>${this.text('result.onnx.file')}</dt>
        <dd><bdi class="path" dir="ltr">${onnx.file}</bdi></dd>
        <dt>${this.text('result.onnx.size')}</dt>
        <dd>${this.formats.bytes(onnx.size)}</dd>
        <dt>${this.text('result.onnx.difference')}</dt>
        <dd>${ltr(this.formats.significant(onnx.largestDifference, 2))}</dd>
        <dt>${this.text('result.onnx.inputs')}</dt>
        <dd>${own(onnx.inputs.join(', '))}</dd>
      </dl>
    </section>`;
  }
}
