import { svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { writeTick, writeValue, type Axis } from './axes';
import { ChartElement, isolate, label, type LegendEntry, type Mark, type Picture, type Table } from './chart';
import { shorten } from './placing';
import { domainOf, linear, makeScale, type Scale } from './scale';

export interface ParallelAxis extends Axis {
  /** Set for an axis of words; in their order from the foot up. */
  categories?: readonly string[] | undefined;
}

export interface ParallelLine {
  id: string;
  name: string;
  /** One for each axis; null where it has none. */
  values: readonly (number | string | null)[];
  /** 0 to 1: how strongly it is drawn. */
  weight?: number | undefined;
  chosen?: boolean | undefined;
}

interface Upright {
  axis: ParallelAxis;
  x: number;
  scale: Scale;
  at: (value: number | string) => number | null;
}

const [TOP, FOOT] = [40, 12];
const FEW = 6;

/** `<persopt-parallel>`: one upright axis for each parameter, one line through all of them for each trial. */
@customElement('persopt-parallel')
export class ParallelElement extends ChartElement {
  @property({ attribute: false }) axes: readonly ParallelAxis[] = [];
  @property({ attribute: false }) lines: readonly ParallelLine[] = [];

  protected override draw(width: number): Picture | null {
    if (this.lines.length === 0 || this.axes.length < 2) return null;
    const uprights = this.layOut(width);
    const last = uprights[uprights.length - 1];
    const sorted = [...this.lines].sort((a, b) => weightOf(a) - weightOf(b));
    const marks: Mark[] = sorted
      .flatMap((line) => {
        const value = line.values[uprights.length - 1];
        const y = last && value !== null && value !== undefined ? last.at(value) : null;
        return last && y !== null ? [{ x: last.x, y, id: line.id, title: line.name, rows: this.rows(line) }] : [];
      })
      .reverse();
    const body = svg`${sorted.map((line) => this.line(line, uprights))} ${uprights.map((upright, index) =>
      this.upright(upright, index, uprights.length, width),
    )}`;
    const chosen = this.lines.find((line) => line.chosen);
    const legend: LegendEntry[] = chosen ? [{ label: chosen.name, series: 2, shape: 'line' }] : [];
    return { body, height: this.height, marks, legend };
  }

  protected override table(): Table {
    return {
      columns: [this.text('charts.name'), ...this.axes.map((axis) => axis.label)],
      rows: this.lines.map((line) => [
        line.name,
        ...this.axes.map((axis, index) => this.write(line.values[index], axis)),
      ]),
    };
  }

  private layOut(width: number): Upright[] {
    const side = Math.min(64, width * 0.12);
    const count = this.axes.length;
    return this.axes.map((axis, index) => {
      const share = index / (count - 1);
      const x = side + (this.isRtl ? 1 - share : share) * (width - 2 * side);
      const range = [this.height - FOOT, TOP] as const;
      if (axis.categories) {
        const scale = linear([-0.5, Math.max(axis.categories.length - 0.5, 0.5)], range);
        const at = (value: number | string) => {
          const place = axis.categories?.indexOf(String(value)) ?? -1;
          return place < 0 ? null : scale(place);
        };
        return { axis, x, scale, at };
      }
      const values = this.lines.map((line) => line.values[index]).filter((value) => typeof value === 'number');
      const scale = makeScale(axis.log ?? false, domainOf(values, { ...axis, pad: 0.03 }), range);
      return { axis, x, scale, at: (value) => (typeof value === 'number' ? scale(value) : null) };
    });
  }

  private line(line: ParallelLine, uprights: readonly Upright[]) {
    let path = '';
    for (const [index, { x, at }] of uprights.entries()) {
      const value = line.values[index];
      const y = value === null || value === undefined ? null : at(value);
      if (y !== null) path += `${path === '' ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`;
    }
    const weight = weightOf(line);
    return svg`<path
      class=${`line stroke ${line.chosen ? 's2' : 's1'}`}
      stroke-opacity=${line.chosen ? 1 : this.opacity(weight).toFixed(3)}
      stroke-width=${line.chosen ? 2.5 : 1.25}
      d=${path}
    />`;
  }

  private upright({ axis, x, scale }: Upright, index: number, count: number, width: number) {
    const isLast = index === count - 1;
    const onRight = isLast !== this.isRtl;
    const room = width / count - 8;
    const ticks = this.ticksOf(axis, index, scale);
    const write = (tick: number) =>
      axis.categories
        ? isolate(shorten(axis.categories[tick] ?? '', 90))
        : Number.isInteger(tick) && axis.whole
          ? writeValue(tick, axis, this.formats)
          : writeTick(tick, axis, ticks, this.formats);
    const raised = index % 2 === 1 && room < 90 ? 14 : 28;
    return svg`
      <line class="base" x1=${x} x2=${x} y1=${TOP} y2=${this.height - FOOT} />
      ${ticks.map((tick) => label(write(tick), x + (onRight ? 6 : -6), scale(tick), onRight ? 'left' : 'right', this.isRtl, 'tick'))}
      ${label(isolate(shorten(axis.label, Math.max(room * 1.6, 60))), x, raised - 6, 'middle', this.isRtl, 'name')}
    `;
  }

  /** Many lines are drawn the fainter, so that those of the good trials still stand out. */
  private opacity(weight: number): number {
    const crowd = Math.max(Math.sqrt(this.lines.length / 25), 1);
    return 0.3 / crowd + 0.6 * weight ** crowd;
  }

  /** The values themselves where they are few, as of a list of choices; else round ones. */
  private ticksOf(axis: ParallelAxis, index: number, scale: Scale): number[] {
    if (axis.categories) return axis.categories.map((_, place) => place);
    const values = new Set(this.lines.map((line) => line.values[index]).filter((value) => typeof value === 'number'));
    const isLast = index === this.axes.length - 1;
    if (values.size <= FEW && !axis.log && !isLast) return [...values].sort((a, b) => a - b);
    return scale.ticks(5).filter((tick) => !axis.whole || Number.isInteger(tick));
  }

  private rows(line: ParallelLine): [string, string][] {
    return this.axes.map((axis, index) => [axis.label, this.write(line.values[index], axis)]);
  }

  private write(value: number | string | null | undefined, axis: ParallelAxis): string {
    if (value === null || value === undefined) return '—';
    return typeof value === 'number' ? writeValue(value, axis, this.formats) : value;
  }
}

function weightOf({ weight = 0.5, chosen = false }: ParallelLine): number {
  return chosen ? 2 : weight;
}
