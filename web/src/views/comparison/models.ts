import { html, nothing } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { engineName } from '../../i18n/engines';
import { ltr } from '../../ui/element';
import { ComparisonElement } from './comparison-element';
import { pooledLatency } from './figures';
import type { ComparedModel, CompareReport } from './reports';

/** `<persopt-compared-models .report=…>`: size, memory, load time and latency of each model. */
@customElement('persopt-compared-models')
export class ComparedModelsElement extends ComparisonElement {
  @property({ attribute: false }) report!: CompareReport;

  override render() {
    if (!this.isReady) return nothing;
    const { models } = this.report;
    const hasMemory = models.some(({ memory }) => memory);
    const hasSpeed = models.some(({ speed }) => speed.length > 0);
    return html`
      <h2>${this.text('comparison.models')}</h2>
      ${hasMemory ? html`<p class="soft">${this.text('comparison.models.note')}</p>` : nothing}
      <div class="scroller" tabindex="0" role="region" aria-label=${this.text('comparison.models')}>
        <table>
          <thead>
            <tr>
              <th scope="col">${this.text('comparison.column.model')}</th>
              <th scope="col">${this.text('comparison.column.format')}</th>
              <th scope="col" class="number">${this.text('comparison.column.weights')}</th>
              <th scope="col" class="number">${this.text('comparison.column.parameters')}</th>
              ${hasSpeed ? html`<th scope="col" class="number">${this.text('comparison.column.latency')}</th>` : nothing}
              ${
                hasMemory
                  ? html`<th scope="col" class="number">${this.text('comparison.column.memory')}</th>
                      <th scope="col" class="number">${this.text('comparison.column.load')}</th>`
                  : nothing
              }
            </tr>
          </thead>
          <tbody>
            ${models.map((model, place) => this.row(model, place, hasSpeed, hasMemory))}
          </tbody>
        </table>
      </div>
    `;
  }

  private row(model: ComparedModel, place: number, hasSpeed: boolean, hasMemory: boolean) {
    const { formats } = this;
    const latency = pooledLatency(model, this.report.models);
    return html`<tr>
      <th scope="row">
        ${ltr(model.label)}${place === 0 ? html`<span class="under">${this.text('comparison.baseline')}</span>` : nothing}
      </th>
      <td>${ltr(engineName(model.format))}</td>
      <td class="number">
        ${formats.bytes(model.weightBytes)}<span class="under"
          >${this.text('comparison.folder', { size: formats.bytes(model.totalBytes) })}</span
        >
      </td>
      <td class="number">
        ${
          model.parameters === null
            ? this.text('comparison.unknown')
            : formats.number(model.parameters, { notation: 'compact', maximumSignificantDigits: 3 })
        }
      </td>
      ${
        hasSpeed
          ? html`<td class="number">${latency === null ? '—' : this.formats.milliseconds(latency)}</td>`
          : nothing
      }
      ${
        hasMemory
          ? html`<td class="number">
                ${model.memory ? formats.bytes(model.memory.peak) : '—'}
                ${
                  model.memory
                    ? html`<span class="under"
                        >${this.text('comparison.memory.base', { size: formats.bytes(model.memory.base) })}</span
                      >`
                    : nothing
                }
              </td>
              <td class="number">${model.memory ? formats.duration(model.memory.loadSeconds) : '—'}</td>`
          : nothing
      }
    </tr>`;
  }
}
