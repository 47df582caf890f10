import { html } from 'lit';
import type { Job, QuantizeSpec } from '../../api/types';
import type { StudioElement } from '../../ui/element';
import type { QuantizeReport, SpeedMeasurement } from '../results/reports';
import { ratio } from '../results/wording';

/** Times of a call before and after, for each shape of the input. */
export function speedSection(
  report: QuantizeReport,
  job: Job | null,
  view: StudioElement,
  machine: (threads: number, device: string) => string,
) {
  const [first] = report.speed;
  const { formats } = view;
  if (!first) {
    const asked = (job?.spec as QuantizeSpec | undefined)?.measureLatency;
    const why = asked === false ? 'result.latency.unasked' : 'result.latency.failed';
    return html`<section>
      <h3>${view.text('result.speed')}</h3>
      <p class="soft">${view.text(why)}</p>
    </section>`;
  }
  const times = ({ p50, p95, p99 }: SpeedMeasurement) =>
    [p50, p95, p99].map((value) => html`<td class="number">${formats.milliseconds(value)}</td>`);
  return html`<section>
    <h3>${view.text('result.speed')}</h3>
    <p class="soft small">${view.text('result.speed.text')} ${machine(first.threads, first.device)}</p>
    <div class="scroller" tabindex="0" role="region" aria-label=${view.text('result.speed')}>
      <table class="speeds">
        <caption class="visually-hidden">
          ${view.text('result.speed')}
        </caption>
        <thead>
          <tr>
            <th scope="col">${view.text('result.speed.shape')}</th>
            <th scope="col">${view.text('result.model')}</th>
            <th scope="col" class="number">${view.text('result.speed.p50')}</th>
            <th scope="col" class="number">${view.text('result.speed.p95')}</th>
            <th scope="col" class="number">${view.text('result.speed.p99')}</th>
            <th scope="col" class="number">${view.text('result.speed.throughput')}</th>
            <th scope="col" class="number">${view.text('result.speedup')}</th>
          </tr>
        </thead>
        ${report.speed.map(
          ({ before, after, speedup }) =>
            html`<tbody>
              <tr>
                <th scope="rowgroup" rowspan="2">${formats.number(before.batch)} × ${formats.number(before.length)}</th>
                <td>${view.text('result.before')}</td>
                ${times(before)}
                <td class="number">${formats.significant(before.throughput, 3)}</td>
                <td class="number"></td>
              </tr>
              <tr>
                <td>${view.text('result.after')}</td>
                ${times(after)}
                <td class="number">${formats.significant(after.throughput, 3)}</td>
                <td class="number">
                  <strong>${view.text('result.times', { times: ratio(speedup.value, formats) })}</strong>
                  ${view.text('result.range', {
                    low: ratio(speedup.low, formats),
                    high: ratio(speedup.high, formats),
                  })}
                </td>
              </tr>
            </tbody>`,
        )}
      </table>
    </div>
  </section>`;
}
