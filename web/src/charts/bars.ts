import { nothing, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { writeTick, writeValue, type Axis } from './axes';
import { ChartElement, isolate, label, type LegendEntry, type Picture, type Table } from './chart';
import { shorten, textWidth } from './placing';
import { domainOf, linear } from './scale';

export interface Bar {
  name: string;
  value: number;
  interval?: readonly [number, number] | undefined;
  /** 1 to 6; 0 is grey. */
  series?: number | undefined;
  /** Bars of one group stand together under its name. */
  group?: string | undefined;
  note?: string | undefined;
  id?: string | undefined;
}

const ROW = 26;
const THICK = 12;
const HEAD = 26;

/** `<persopt-bars>`: level bars with their names before and their values behind: importances, sizes, times. */
@customElement('persopt-bars')
export class BarsElement extends ChartElement {
  @property({ attribute: false }) bars: readonly Bar[] = [];
  @property({ attribute: false }) axis: Axis = { label: '' };
  @property({ attribute: false }) entries: readonly LegendEntry[] = [];

  protected override draw(width: number): Picture | null {
    const bars = this.bars.filter(({ value }) => Number.isFinite(value));
    if (bars.length === 0) return null;
    const { isRtl, formats } = this;
    const texts = bars.map(({ value }) => writeValue(value, this.axis, formats));
    const names = Math.min(Math.max(...bars.map(({ name }) => textWidth(name))) + 12, width * 0.38);
    const behind = Math.max(...texts.map((text) => textWidth(text))) + 12;
    const [near, far] = isRtl ? [width - names, behind] : [names, width - behind];
    const values = bars.flatMap(({ value, interval = [] }) => [value, ...interval]);
    const x = linear(domainOf(values, { zero: true, pad: 0 }), [near, far]);
    const zero = x(0);
    let top = 0;
    let group: string | undefined;
    const marks: Picture['marks'][number][] = [];
    const body = bars.map((bar, index) => {
      const head = bar.group !== undefined && bar.group !== group ? bar.group : undefined;
      group = bar.group;
      const headAt = top + HEAD / 2 + 4;
      if (head !== undefined) top += HEAD;
      const y = top + ROW / 2;
      top += ROW;
      const end = x(bar.value);
      const reach = bar.interval ? x(Math.max(bar.value, ...bar.interval)) : end;
      const text = texts[index] ?? '';
      marks.push({ x: end, y, id: bar.id, title: bar.name, rows: this.rows(bar) });
      return svg`<g class=${`s${bar.series ?? 1}`}>
        ${head === undefined ? nothing : label(isolate(head), isRtl ? width : 0, headAt, isRtl ? 'right' : 'left', isRtl)}
        ${label(isolate(shorten(bar.name, names - 12)), isRtl ? width : 0, y, isRtl ? 'right' : 'left', isRtl, 'name')}
        <rect class="fill" x=${Math.min(zero, end)} y=${y - THICK / 2} width=${Math.max(Math.abs(end - zero), 1)} height=${THICK} />
        ${bar.interval ? this.whisker(x(bar.interval[0]), x(bar.interval[1]), y) : nothing}
        ${label(text, reach + (isRtl ? -7 : 7), y, isRtl ? 'right' : 'left', isRtl, 'name')}
      </g>`;
    });
    const base = svg`<line class="base" x1=${zero} x2=${zero} y1="0" y2=${top} />`;
    return { body: svg`${body}${base}`, height: top, marks, legend: this.entries };
  }

  protected override table(): Table {
    const grouped = this.bars.some(({ group }) => group !== undefined);
    return {
      columns: [
        ...(grouped ? [this.text('charts.group')] : []),
        this.text('charts.name'),
        this.axis.label || this.text('charts.value'),
      ],
      rows: this.bars.map((bar) => [...(grouped ? [bar.group ?? ''] : []), bar.name, this.value(bar)]),
    };
  }

  private whisker(low: number, high: number, y: number) {
    return svg`<path class="ring" d=${`M${low} ${y}H${high}M${low} ${y - 3}V${y + 3}M${high} ${y - 3}V${y + 3}`} />`;
  }

  private rows(bar: Bar): [string, string][] {
    const own: [string, string] = [this.axis.label || this.text('charts.value'), this.value(bar)];
    return bar.note ? [own, ['', bar.note]] : [own];
  }

  private value({ value, interval }: Bar): string {
    const write = (number: number) =>
      this.axis.format ? writeTick(number, this.axis, [], this.formats) : this.formats.significant(number);
    if (!interval) return write(value);
    return this.text('charts.interval', { value: write(value), low: write(interval[0]), high: write(interval[1]) });
  }
}
