import { nothing, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { axes, frame, limits, writeValue, type Axis, type Frame } from './axes';
import { ChartElement, isolate, label, type LegendEntry, type Mark, type Picture, type Table } from './chart';
import { paretoFront, stepPath, type Better } from './pareto';
import { placeLabels } from './placing';
import { domainOf } from './scale';
import { SERIES_SHAPES, shape, type Shape } from './shapes';

export interface ScatterPoint {
  id: string;
  name: string;
  x: number;
  y: number;
  /** Ends of the interval of a value, drawn as whiskers. */
  xInterval?: readonly [number, number] | undefined;
  yInterval?: readonly [number, number] | undefined;
  /** 1 to 6; 0 is grey. */
  series?: number | undefined;
  shape?: Shape | undefined;
  /** Has a ring around it. */
  chosen?: boolean | undefined;
  /** Stands back: broke a limit, failed. Does not belong to the front. */
  faint?: boolean | undefined;
  /** Does not belong to the front either, but is seen as well as the others: what they are held against. */
  apart?: boolean | undefined;
  /** Is named beside the point where there is room. */
  labelled?: boolean | undefined;
  /** Told in the tip and in the table. */
  note?: string | undefined;
}

export interface Front {
  x: Better;
  y: Better;
  label: string;
}

const RINGED_GAP = 13;
const NO_AXIS: Axis = { label: '' };

/** `<persopt-scatter>`: points by two values, with whiskers, the Pareto front, limits, and rings around what was chosen. */
@customElement('persopt-scatter')
export class ScatterElement extends ChartElement {
  @property({ attribute: false }) points: readonly ScatterPoint[] = [];
  @property({ attribute: false }) x: Axis = NO_AXIS;
  @property({ attribute: false }) y: Axis = NO_AXIS;
  /** Which way is better on each axis; draws the front. */
  @property({ attribute: false }) front: Front | null = null;
  /** What the series are called; by number. */
  @property({ attribute: false }) series: Readonly<Record<number, string>> = {};

  protected override draw(width: number): Picture | null {
    const points = this.shown();
    if (points.length === 0) return null;
    const plot = this.layOut(width, points);
    const places = points.map((point) => ({ point, x: plot.x(point.x), y: plot.y(point.y) }));
    const marks: Mark[] = [...places]
      .sort((a, b) => a.point.x - b.point.x)
      .map(({ point, x, y }) => ({ x, y, id: point.id, title: point.name, rows: this.rows(point) }));
    const anchors = places
      .filter(({ point }) => point.labelled ?? points.length <= 12)
      .sort((a, b) => Number(b.point.chosen ?? false) - Number(a.point.chosen ?? false))
      .map(({ point, x, y }) => ({ x, y, text: isolate(point.name), gap: point.chosen ? RINGED_GAP : undefined }));
    const area = { x: plot.left, y: plot.top - 12, width: plot.right - plot.left, height: plot.bottom - plot.top + 12 };
    const body = svg`
      ${axes(plot, [this.x, this.y], this.formats)}
      ${this.frontLine(plot)}
      ${places.map(({ point, x, y }) => this.point(plot, point, x, y))}
      ${limits(plot, [this.x, this.y], this.formats)}
      ${placeLabels(anchors, places, area).map(({ text, x, y, side }) => label(text, x, y, side, this.isRtl, 'name'))}`;
    return { body, height: this.height, marks, legend: this.legendEntries() };
  }

  protected override table(): Table {
    const points = this.shown();
    const noted = points.some(({ note }) => note);
    return {
      columns: [this.text('charts.name'), this.x.label, this.y.label, ...(noted ? [this.text('charts.note')] : [])],
      rows: points.map((point) => [
        point.name,
        this.value(point.x, this.x, point.xInterval),
        this.value(point.y, this.y, point.yInterval),
        ...(noted ? [point.note ?? ''] : []),
      ]),
    };
  }

  private shown(): ScatterPoint[] {
    const fits = (value: number, axis: Axis) => Number.isFinite(value) && (!axis.log || value > 0);
    return this.points.filter(({ x, y }) => fits(x, this.x) && fits(y, this.y));
  }

  private layOut(width: number, points: readonly ScatterPoint[]): Frame {
    const ends = (axis: Axis) => (axis.limit ? [axis.limit.value] : []);
    const xs = [...points.flatMap(({ x, xInterval = [] }) => [x, ...xInterval]), ...ends(this.x)];
    const ys = [...points.flatMap(({ y, yInterval = [] }) => [y, ...yInterval]), ...ends(this.y)];
    return frame(width, this.height, [this.x, this.y], [domainOf(xs, this.x), domainOf(ys, this.y)], this.formats);
  }

  private frontLine(plot: Frame) {
    const front = this.frontPoints().map(({ x, y }) => ({ x: plot.x(x), y: plot.y(y) }));
    return front.length > 1 ? svg`<path class="front" d=${stepPath(front)} />` : nothing;
  }

  private frontPoints() {
    const eligible = this.shown().filter(({ faint, apart }) => !faint && !apart);
    return this.front ? paretoFront(eligible, this.front.x, this.front.y) : [];
  }

  private point(plot: Frame, point: ScatterPoint, x: number, y: number) {
    const series = point.series ?? 1;
    const kind = point.shape ?? SERIES_SHAPES[Math.max(series - 1, 0) % SERIES_SHAPES.length] ?? 'circle';
    const [x1, x2] = point.xInterval?.map(plot.x) ?? [];
    const [y1, y2] = point.yInterval?.map(plot.y) ?? [];
    return svg`<g class=${`s${series}${point.faint ? ' faint' : ''}`}>
      ${x1 === undefined ? nothing : svg`<line class="whisker stroke" x1=${x1} x2=${x2} y1=${y} y2=${y} />`}
      ${y1 === undefined ? nothing : svg`<line class="whisker stroke" x1=${x} x2=${x} y1=${y1} y2=${y2} />`}
      ${shape(kind, x, y, 4.5)}
      ${point.chosen ? svg`<circle class="ring" cx=${x} cy=${y} r="9" />` : nothing}
    </g>`;
  }

  private legendEntries(): LegendEntry[] {
    const named = Object.entries(this.series).flatMap(([number, name]): LegendEntry[] => {
      const series = Number(number);
      const found = this.shown().find((point) => (point.series ?? 1) === series);
      const kind = found?.shape ?? SERIES_SHAPES[Math.max(series - 1, 0) % 4] ?? 'circle';
      return found ? [{ label: name, series, shape: kind }] : [];
    });
    const hasFront = this.front !== null && this.frontPoints().length > 1;
    return hasFront ? [...named, { label: this.front?.label ?? '', series: 0, shape: 'line' }] : named;
  }

  private rows(point: ScatterPoint): [string, string][] {
    return [
      [this.x.label, this.value(point.x, this.x, point.xInterval)],
      [this.y.label, this.value(point.y, this.y, point.yInterval)],
      ...(point.note ? [['', point.note] as [string, string]] : []),
    ];
  }

  private value(value: number, axis: Axis, interval: readonly [number, number] | undefined): string {
    const text = writeValue(value, axis, this.formats);
    if (!interval) return text;
    const [low, high] = interval.map((end) => writeValue(end, axis, this.formats)) as [string, string];
    return this.text('charts.interval', { value: text, low, high });
  }
}
