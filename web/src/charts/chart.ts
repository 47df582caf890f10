import { html, nothing, svg, type SVGTemplateResult } from 'lit';
import { property, state } from 'lit/decorators.js';
import type { Session } from '../state/session';
import { StudioElement } from '../ui/element';
import { setStyle } from '../ui/set-style';
import { surfaces } from '../ui/surfaces.css';
import { chartStyles } from './chart.css';
import { shape, type Shape } from './shapes';

/** A place in a chart that can be pointed at or reached by the arrow keys, and what is told about it. */
export interface Mark {
  x: number;
  y: number;
  title: string;
  rows: readonly (readonly [string, string])[];
  /** Given to `pick`; a mark without one cannot be picked. */
  id?: string | undefined;
}

export interface LegendEntry {
  label: string;
  series: number;
  shape: Shape;
}

export interface Table {
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

export interface Picture {
  body: unknown;
  height: number;
  /** In the order in which the keys go through them. */
  marks: readonly Mark[];
  legend?: readonly LegendEntry[] | undefined;
}

const REACH = 48;
const TIP_WIDTH = 180;

/**
 * What all charts share: they fill the width they have, run in the direction of reading, tell about a point by pointer
 * or arrow keys, and have a table behind them.
 *
 * @fires pick with the mark's id in `detail`, when a person clicks one or presses Enter on it
 */
export abstract class ChartElement extends StudioElement {
  static override shadowRootOptions = { ...StudioElement.shadowRootOptions, delegatesFocus: true };
  static override styles = [...StudioElement.styles, surfaces, chartStyles];

  /** What the chart shows, in a few words: its caption, and its name for screen readers. */
  @property() label = '';
  /** Said to screen readers after the name: what there is to see. */
  @property() summary = '';
  /** Height of the plot in pixels, where the chart does not choose it itself. */
  @property({ type: Number }) height = 280;
  /** Whether the marks can be picked. */
  @property({ type: Boolean }) pickable = false;
  @state() protected width = 0;
  @state() private active = -1;
  @state() private isOpen = false;
  private marks: readonly Mark[] = [];
  private readonly observer = new ResizeObserver(([entry]) => {
    if (entry) this.width = Math.round(entry.contentRect.width);
  });

  protected get isRtl(): boolean {
    return this.formats.direction === 'rtl';
  }

  protected override sessionReady(session: Session): void {
    void session.translator.load('charts');
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.observer.observe(this);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.observer.disconnect();
  }

  /** Draws into a width; null when there is nothing to draw. */
  protected abstract draw(width: number): Picture | null;
  protected abstract table(): Table;

  override render() {
    const caption = this.label ? html`<figcaption>${this.label}</figcaption>` : nothing;
    const picture = this.width > 0 ? this.draw(this.width) : null;
    this.marks = picture?.marks ?? [];
    if (!picture) {
      return html`<figure>
        ${caption}${this.width > 0 ? html`<p class="none">${this.text('charts.none')}</p>` : nothing}
      </figure>`;
    }
    const active = this.marks[this.active];
    return html`
      <figure>
        ${caption}
        <div class="plot">
          <svg
            role="img"
            tabindex="0"
            direction=${this.formats.direction}
            viewBox=${`0 0 ${this.width} ${picture.height}`}
            height=${picture.height}
            aria-label=${[this.label, this.summary].filter(Boolean).join('. ')}
            aria-description=${this.text('charts.keys')}
            @pointermove=${this.onMove}
            @pointerleave=${this.onLeave}
            @click=${this.onClick}
            @keydown=${this.onKey}
            @blur=${this.onLeave}
          >
            ${picture.body} ${active ? svg`<circle class="ring" cx=${active.x} cy=${active.y} r="8" />` : nothing}
          </svg>
          ${active ? this.tip(active, picture.height) : nothing}
          <div class="visually-hidden" role="status">${active ? tell(active) : nothing}</div>
        </div>
        ${picture.legend?.length ? this.legend(picture.legend) : nothing} ${this.details()}
      </figure>
    `;
  }

  private tip(mark: Mark, height: number) {
    const toLeft = mark.x > this.width / 2;
    const down = mark.y < height / 2;
    const place = {
      transform: `translate(${toLeft ? `calc(${Math.round(mark.x - 14)}px - 100%)` : `${Math.round(mark.x + 14)}px`}, ${
        down ? `${Math.round(mark.y)}px` : `calc(${Math.round(mark.y)}px - 100%)`
      })`,
      'min-width': `${Math.min(TIP_WIDTH, this.width / 2 - 20)}px`,
    };
    return html`<div class="tip" aria-hidden="true" ${setStyle(place)}>
      <strong><bdi dir="auto">${mark.title}</bdi></strong>
      <dl>
        ${mark.rows.map(
          ([name, value]) =>
            html`<dt><bdi>${name}</bdi></dt>
              <dd><bdi>${value}</bdi></dd>`,
        )}
      </dl>
    </div>`;
  }

  private legend(entries: readonly LegendEntry[]) {
    return html`<ul class="legend" role="list">
      ${entries.map(
        (entry) =>
          html`<li>
            <svg class=${`s${entry.series}`} viewBox="0 0 14 14" aria-hidden="true">
              ${shape(entry.shape, 7, 7, 4.5)}
            </svg>
            <bdi dir="auto">${entry.label}</bdi>
          </li>`,
      )}
    </ul>`;
  }

  /** The table is made once it is opened: hundreds of rows that nobody sees would slow down a chart that is live. */
  private details() {
    return html`<details @toggle=${this.onToggle}>
      <summary>${this.text('charts.table')}</summary>
      ${this.isOpen ? this.readTable() : nothing}
    </details>`;
  }

  private readTable() {
    const { columns, rows } = this.table();
    return html`<div class="scroller" tabindex="0" role="region" aria-label=${this.label || this.text('charts.table')}>
      <table>
        <thead>
          <tr>
            ${columns.map((name) => html`<th scope="col"><bdi dir="auto">${name}</bdi></th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (row) =>
              html`<tr>
                ${row.map((cell, index) => this.cell(cell, index))}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
  }

  private cell(text: string, index: number) {
    const content = html`<bdi dir="auto">${text}</bdi>`;
    return index === 0 ? html`<th scope="row">${content}</th>` : html`<td>${content}</td>`;
  }

  private readonly onToggle = ({ target }: Event): void => {
    this.isOpen = (target as HTMLDetailsElement).open;
  };

  private readonly onMove = (event: PointerEvent): void => {
    this.active = this.nearest(event);
  };

  private readonly onLeave = (): void => {
    this.active = -1;
  };

  private readonly onClick = (event: MouseEvent): void => {
    this.active = this.nearest(event);
    this.pick();
  };

  private readonly onKey = (event: KeyboardEvent): void => {
    const last = this.marks.length - 1;
    const [forward, back] = this.isRtl ? ['ArrowLeft', 'ArrowRight'] : ['ArrowRight', 'ArrowLeft'];
    const targets: Record<string, number> = {
      [forward as string]: this.active + 1,
      [back as string]: this.active < 0 ? last : this.active - 1,
      ArrowDown: this.active + 1,
      ArrowUp: this.active < 0 ? last : this.active - 1,
      Home: 0,
      End: last,
      Escape: -1,
    };
    const target = targets[event.key];
    if (target !== undefined) {
      event.preventDefault();
      this.active = event.key === 'Escape' ? -1 : Math.min(Math.max(target, 0), last);
    } else if (event.key === 'Enter') {
      this.pick();
    }
  };

  private nearest({ clientX, clientY }: MouseEvent): number {
    const box = this.renderRoot.querySelector('.plot > svg')?.getBoundingClientRect();
    if (!box) return -1;
    let found = -1;
    let least = REACH;
    for (const [index, { x, y }] of this.marks.entries()) {
      const distance = Math.hypot(x - (clientX - box.left), y - (clientY - box.top));
      if (distance < least) [found, least] = [index, distance];
    }
    return found;
  }

  private pick(): void {
    const id = this.marks[this.active]?.id;
    if (!this.pickable || id === undefined) return;
    this.dispatchEvent(new CustomEvent('pick', { detail: id }));
  }
}

function tell(mark: Mark): string {
  return [mark.title, ...mark.rows.map(([name, value]) => `${name}: ${value}`)].join('; ');
}

/** Draws text with one of its sides at a place, whichever direction it is written in. */
export function label(
  text: string,
  x: number,
  y: number,
  side: 'left' | 'middle' | 'right',
  isRtl: boolean,
  kind = '',
): SVGTemplateResult {
  const anchor = side === 'middle' ? 'middle' : (side === 'left') === isRtl ? 'end' : 'start';
  return svg`<text class=${kind} x=${x} y=${y} text-anchor=${anchor} dominant-baseline="middle">${text}</text>`;
}

/** A name inside a chart's text, kept in the direction of its own letters. */
export function isolate(name: string): string {
  return `\u2068${name}\u2069`;
}
