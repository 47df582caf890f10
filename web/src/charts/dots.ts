import { nothing, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { writeTick, writeValue, type Axis } from './axes';
import { ChartElement, isolate, label, type Mark, type Picture, type Table } from './chart';
import { shorten, textWidth } from './placing';
import { domainOf, makeScale } from './scale';
import { shape, type Shape } from './shapes';

export interface DotRow {
  name: string;
  /** The same number of values in every row, in the order of `columns`; null where there is none. */
  values: readonly (number | null)[];
  series?: number | undefined;
  group?: string | undefined;
}

const ROW = 30;
const HEAD = 26;
const SHAPES: readonly Shape[] = ['circle', 'hollow', 'diamond', 'square', 'triangle'];

/** `<persopt-dots>`: some values a row on one line, such as the p50, p95 and p99 of each model's latency. */
@customElement('persopt-dots')
export class DotsElement extends ChartElement {
  @property({ attribute: false }) rows: readonly DotRow[] = [];
  /** What the values of a row are called: p50, p95, p99. */
  @property({ attribute: false }) columns: readonly string[] = [];
  @property({ attribute: false }) axis: Axis = { label: '' };

  protected override draw(width: number): Picture | null {
    const values = this.rows.flatMap((row) => row.values).filter((value) => value !== null);
    if (values.length === 0) return null;
    const { isRtl, formats, axis } = this;
    const names = Math.min(Math.max(...this.rows.map(({ name }) => textWidth(name))) + 16, width * 0.38);
    const [near, far] = isRtl ? [width - names, 24] : [names, width - 24];
    const x = makeScale(axis.log ?? false, domainOf(values, { ...axis, pad: 0.04 }), [near, far]);
    const marks: Mark[] = [];
    let top = 0;
    let group: string | undefined;
    const body = this.rows.map((row) => {
      const head = row.group !== undefined && row.group !== group ? row.group : undefined;
      group = row.group;
      const headAt = top + HEAD / 2 + 2;
      if (head !== undefined) top += HEAD;
      const y = top + ROW / 2;
      top += ROW;
      const places = row.values.map((value) => (value === null ? null : x(value)));
      const found = places.filter((place) => place !== null);
      for (const [index, place] of places.entries()) {
        if (place !== null) marks.push({ x: place, y, title: row.name, rows: this.told(row, index) });
      }
      return svg`<g class=${`s${row.series ?? 1}`}>
        ${head === undefined ? nothing : label(isolate(head), isRtl ? width : 0, headAt, isRtl ? 'right' : 'left', isRtl)}
        ${label(isolate(shorten(row.name, names - 16)), isRtl ? width : 0, y, isRtl ? 'right' : 'left', isRtl, 'name')}
        <line class="grid" x1=${near} x2=${far} y1=${y} y2=${y} />
        ${found.length ? svg`<line class="stroke" x1=${Math.min(...found)} x2=${Math.max(...found)} y1=${y} y2=${y} />` : nothing}
        ${places.map((place, index) => (place === null ? nothing : shape(SHAPES[index % SHAPES.length] ?? 'circle', place, y, 4.5)))}
      </g>`;
    });
    const ticks = x.ticks(Math.max(Math.floor(Math.abs(far - near) / 90), 2));
    const scale = svg`<line class="base" x1=${near} x2=${far} y1=${top + 4} y2=${top + 4} />
      ${ticks.map((tick) => label(writeTick(tick, axis, ticks, formats), x(tick), top + 18, 'middle', isRtl))}
      ${label(axis.label, far, top + 36, isRtl ? 'left' : 'right', isRtl, 'name')}`;
    const legend = this.columns.map((name, index) => ({
      label: name,
      series: 0,
      shape: SHAPES[index % SHAPES.length] ?? ('circle' as const),
    }));
    return { body: svg`${body}${scale}`, height: top + 44, marks, legend };
  }

  protected override table(): Table {
    const grouped = this.rows.some(({ group }) => group !== undefined);
    return {
      columns: [...(grouped ? [this.text('charts.group')] : []), this.text('charts.name'), ...this.columns],
      rows: this.rows.map((row) => [
        ...(grouped ? [row.group ?? ''] : []),
        row.name,
        ...row.values.map((value) => this.write(value)),
      ]),
    };
  }

  private told(row: DotRow, index: number): [string, string][] {
    return [[this.columns[index] ?? '', this.write(row.values[index] ?? null)]];
  }

  private write(value: number | null): string {
    return value === null ? '—' : writeValue(value, this.axis, this.formats);
  }
}
