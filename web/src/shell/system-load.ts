import { css, html, nothing, svg } from 'lit';
import { customElement } from 'lit/decorators.js';
import type { System } from '../api/types';
import type { Session } from '../state/session';
import { Watch } from '../state/signal';
import { ltr, StudioElement } from '../ui/element';

const WIDTH = 120;
const HEIGHT = 20;

/** `<persopt-system-load>`: one line about the machine, with the processors' load of the last hour drawn. */
@customElement('persopt-system-load')
export class SystemLoadElement extends StudioElement {
  static override styles = [
    ...StudioElement.styles,
    css`
      :host {
        display: block;
        container-type: inline-size;
        border-block-end: 1px solid var(--p-line);
        color: var(--p-soft);
        font-size: var(--p-text-s);
      }
      dl {
        display: flex;
        flex-wrap: wrap;
        gap: var(--p-1) var(--p-6);
        min-block-size: 2.75rem;
        padding-block: var(--p-2);
        align-items: center;
      }
      div {
        display: flex;
        align-items: center;
        gap: var(--p-2);
        white-space: nowrap;
        font-variant-numeric: var(--p-numerals);
      }
      dd:first-of-type {
        color: var(--p-ink);
        font-weight: 500;
      }
      svg {
        inline-size: ${WIDTH}px;
        block-size: ${HEIGHT}px;
        overflow: visible;
      }
      svg:dir(rtl) {
        transform: scaleX(-1);
      }
      path {
        fill: none;
        stroke: var(--p-accent);
        stroke-width: 1.25;
        vector-effect: non-scaling-stroke;
      }
      line {
        stroke: var(--p-line);
      }
      @container (max-width: 44rem) {
        dl {
          justify-content: space-between;
        }
        .more {
          display: none;
        }
      }
    `,
  ];

  protected override sessionReady(session: Session): void {
    new Watch(this, session.system);
  }

  override render() {
    const { value } = this.session.system.value;
    return html`
      <h2 class="visually-hidden">${this.text('system.title')}</h2>
      <dl>${value ? this.figures(value) : nothing}</dl>
    `;
  }

  private figures(system: System) {
    const { formats } = this;
    const used = formats.bytes(system.memoryUsed);
    return html`
      <div>
        <dt>${this.text('system.cpu')}</dt>
        <dd>${formats.percent(system.cpuPercent / 100, 0)}</dd>
        <dd class="more">${this.curve(system)}</dd>
      </div>
      <div>
        <dt>${this.text('system.memory')}</dt>
        <dd>${formats.percent(system.memoryUsed / system.memoryTotal, 0)}</dd>
        <dd class="more">${this.text('system.of', { used, total: formats.bytes(system.memoryTotal) })}</dd>
      </div>
      <div>
        <dt>${this.text('system.disk')}</dt>
        <dd>${formats.percent(1 - system.diskFree / system.diskTotal, 0)}</dd>
        <dd class="more">${this.text('system.free', { free: formats.bytes(system.diskFree) })}</dd>
      </div>
      ${(system.gpus ?? []).map(
        ({ name, percent, memoryUsed, memoryTotal }) => html`
          <div>
            <dt>${ltr(name)}</dt>
            <dd>${percent === null ? '—' : formats.percent(percent / 100, 0)}</dd>
            <dd class="more">
              ${this.text('system.of', { used: formats.bytes(memoryUsed), total: formats.bytes(memoryTotal) })}
            </dd>
          </div>
        `,
      )}
    `;
  }

  /** Time runs in the direction of reading: the newest sample is at the end of the line. */
  private curve({ history }: System) {
    const step = WIDTH / Math.max(history.length - 1, 1);
    const points = history.map(({ cpuPercent }, index) => {
      const y = HEIGHT - 1 - (cpuPercent / 100) * (HEIGHT - 2);
      return `${(index * step).toFixed(1)} ${y.toFixed(1)}`;
    });
    const line = points.length > 1 ? svg`<path d=${`M${points.join('L')}`} />` : nothing;
    return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label=${this.text('system.cpu.history')}>
      <line x1="0" x2=${WIDTH} y1=${HEIGHT - 0.5} y2=${HEIGHT - 0.5} />
      ${line}
    </svg>`;
  }
}
