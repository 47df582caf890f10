import { html, nothing } from 'lit';
import { customElement } from 'lit/decorators.js';
import { engineName } from '../../i18n/engines';
import { ltr } from '../../ui/element';
import '../results/bar-table';
import '../results/before-after';
import { headline } from '../results/headline';
import type { QuantizeReport } from '../results/reports';
import { ResultElement } from '../results/result-element';
import { quantizeFigures, quantizeMeasures, quantizeOutcome } from './quantize-facts';
import { speedSection } from './speed-section';

/**
 * `<persopt-quantize-result .job .report>`: what a quantization gave: a sentence, the model before and after, its speed
 * by shape, the layers by the error that they add, the backends that `auto` tried.
 */
@customElement('persopt-quantize-result')
export class QuantizeResultElement extends ResultElement<QuantizeReport> {
  protected override content(report: QuantizeReport) {
    const { translator } = this.session;
    return html`
      <p class="headline">${headline(quantizeOutcome(report), translator)}</p>
      ${this.figures(quantizeFigures(report, translator, (value) => this.times(value)))}
      <p class="soft small">${this.made(report)}</p>
      <section>
        <h3>${this.text('result.compared')}</h3>
        <persopt-before-after
          caption=${this.text('result.compared')}
          .measures=${quantizeMeasures(report, this.job, translator)}
        ></persopt-before-after>
      </section>
      ${speedSection(report, this.job, this, (threads, device) => this.machine(report, threads, device))}
      ${this.outputs(report)} ${this.layers(report)} ${this.tried(report)} ${this.notes(report)}
      ${this.whereabouts(report, nothing)}
    `;
  }

  /** What was done, in a line. */
  private made({ config, backend, format }: QuantizeReport) {
    const method = this.text(`result.method.${config.bits >= 16 ? 'cast' : config.method}` as 'result.method.dynamic');
    return html`${this.text('result.made', { method, bits: config.bits })} ${ltr(engineName(backend))}
    (${ltr(engineName(format))})`;
  }

  private outputs({ outputs }: QuantizeReport) {
    if (!outputs) return nothing;
    const { formats } = this;
    return html`<section>
      <h3>${this.text('result.outputs')}</h3>
      <p class="soft small">${this.text('result.outputs.text', { count: outputs.rows })}</p>
      <dl class="facts">
        <dt>${this.text('result.outputs.mean')}</dt>
        <dd>${ltr(formats.significant(outputs.mean, 3))}</dd>
        <dt>${this.text('result.outputs.largest')}</dt>
        <dd>${ltr(formats.significant(outputs.largest, 3))}</dd>
        <dt>${this.text('result.outputs.cosine')}</dt>
        <dd>${formats.number(outputs.cosine, { maximumFractionDigits: 6 })}</dd>
      </dl>
    </section>`;
  }

  private layers({ layers }: QuantizeReport) {
    if (layers.length === 0) return nothing;
    const { formats } = this;
    const most = Math.max(...layers.map(({ error }) => error));
    const rows = layers.map(({ name, error, cosine, parameters }) => ({
      name,
      share: most > 0 ? error / most : 0,
      value: formats.significant(error, 3),
      cells: [formats.number(cosine, { maximumFractionDigits: 6 }), formats.number(parameters)],
    }));
    const headings = ['result.layer', 'result.layers.error', 'result.outputs.cosine', 'result.weights'] as const;
    return html`<section>
      <h3>${this.text('result.layers')}</h3>
      <p class="soft small">${this.text('result.layers.text')}</p>
      <persopt-bar-table
        caption=${this.text('result.layers')}
        .headings=${headings.map((key) => this.text(key))}
        .rows=${rows}
      ></persopt-bar-table>
    </section>`;
  }

  private tried({ tried, backend }: QuantizeReport) {
    if (tried.length === 0) return nothing;
    return html`<section>
      <h3>${this.text('result.tried')}</h3>
      <p class="soft small">${this.text('result.tried.text')}</p>
      <div class="scroller" tabindex="0" role="region" aria-label=${this.text('result.tried')}>
        <table>
          <caption class="visually-hidden">
            ${this.text('result.tried')}
          </caption>
          <thead>
            <tr>
              <th scope="col">${this.text('result.tried.backend')}</th>
              <th scope="col" class="number">${this.text('result.tried.latency')}</th>
              <th scope="col">${this.text('result.tried.outcome')}</th>
            </tr>
          </thead>
          <tbody>
            ${tried.map(
              (one) =>
                html`<tr>
                  <td>${ltr(engineName(one.backend))}</td>
                  <td class="number">
                    ${one.latency === null ? this.text('result.none') : this.formats.milliseconds(one.latency)}
                  </td>
                  <td>
                    ${
                      one.backend === backend
                        ? html`<strong>${this.text('result.tried.chosen')}</strong>`
                        : one.reason
                          ? html`<bdi dir="auto">${one.reason}</bdi>`
                          : this.text('result.tried.slower')
                    }
                  </td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </section>`;
  }
}
