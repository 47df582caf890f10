import { nothing, svg } from 'lit';
import { customElement, property } from 'lit/decorators.js';
import { axes, frame, writeValue, type Axis, type Frame } from './axes';
import { ChartElement, isolate, label, type LegendEntry, type Mark, type Picture, type Table } from './chart';
import { stepPath } from './pareto';
import { spread } from './placing';
import { domainOf } from './scale';
import { shape, type Shape } from './shapes';

export interface LinePoint {
  x: number;
  y: number;
  /** Told in the tip. */
  note?: string | undefined;
  /** Drawn in place of the line's own mark. */
  shape?: Shape | undefined;
  id?: string | undefined;
}

export interface Line {
  id?: string | undefined;
  name: string;
  points: readonly LinePoint[];
  /** 1 to 6; 0 is grey. */
  series?: number | undefined;
  /** `points`: marks without a line; `step`: level, then up or down; `line` and `dashed`: straight. */
  drawn?: 'line' | 'dashed' | 'step' | 'points' | undefined;
  /** Stands back behind the others. */
  faint?: boolean | undefined;
  /** What stands at the end of the line, such as a cross where a trial was stopped. */
  end?: Shape | undefined;
  /** Written at the end of the line where there is room, and in the legend. */
  labelled?: boolean | undefined;
  /** Its points are reached by pointer and keys; by default they are. */
  silent?: boolean | undefined;
}

/** `<persopt-lines>`: values over steps: learning curves, the history of a search with the best so far. */
@customElement('persopt-lines')
export class LinesElement extends ChartElement {
  @property({ attribute: false }) lines: readonly Line[] = [];
  @property({ attribute: false }) x: Axis = { label: '' };
  @property({ attribute: false }) y: Axis = { label: '' };
  /** More about the marks, such as what a cross means. */
  @property({ attribute: false }) entries: readonly LegendEntry[] = [];

  protected override draw(width: number): Picture | null {
    const lines = this.shown();
    const points = lines.flatMap((line) => line.points);
    if (points.length === 0) return null;
    const limits = this.y.limit ? [this.y.limit.value] : [];
    const domains = [
      domainOf(
        points.map(({ x }) => x),
        { ...this.x, pad: 0.02 },
      ),
      domainOf([...points.map(({ y }) => y), ...limits], this.y),
    ] as const;
    const plot = frame(width, this.height, [this.x, this.y], domains, this.formats);
    const body = svg`${axes(plot, [this.x, this.y], this.formats)} ${lines.map((line) => this.line(plot, line))}
      ${this.endLabels(plot, lines)}`;
    return { body, height: this.height, marks: this.marksOf(plot, lines), legend: this.legendEntries(lines) };
  }

  protected override table(): Table {
    return {
      columns: [this.text('charts.series'), this.x.label, this.y.label],
      rows: this.shown().flatMap((line) =>
        line.points.map(({ x, y }) => [
          line.name,
          writeValue(x, this.x, this.formats),
          writeValue(y, this.y, this.formats),
        ]),
      ),
    };
  }

  private shown(): Line[] {
    const fits = (value: number, axis: Axis) => Number.isFinite(value) && (!axis.log || value > 0);
    return this.lines
      .map((line) => ({ ...line, points: line.points.filter(({ x, y }) => fits(x, this.x) && fits(y, this.y)) }))
      .filter((line) => line.points.length > 0);
  }

  private line(plot: Frame, line: Line) {
    const places = line.points.map(({ x, y }) => ({ x: round(plot.x(x)), y: round(plot.y(y)) }));
    const last = places[places.length - 1];
    const drawn = line.drawn ?? 'line';
    const path = drawn === 'step' ? stepPath(places) : `M${places.map(({ x, y }) => `${x} ${y}`).join('L')}`;
    const dots = drawn === 'points' || places.length === 1;
    return svg`<g class=${`s${line.series ?? 1}${line.faint ? ' faint' : ''}`}>
      ${
        drawn === 'points'
          ? nothing
          : svg`<path class="line stroke" stroke-dasharray=${drawn === 'dashed' ? '4 3' : nothing} d=${path} />`
      }
      ${line.points.map((point, index) => {
        const place = places[index];
        return place && (dots || point.shape) ? shape(point.shape ?? 'circle', place.x, place.y, 3.5) : nothing;
      })}
      ${line.end && last ? shape(line.end, last.x, last.y, 5) : nothing}
    </g>`;
  }

  /** Names above the ends of lines, on the side that lies inside, and apart from each other. */
  private endLabels(plot: Frame, lines: readonly Line[]) {
    const ends = lines
      .filter(({ labelled }) => labelled)
      .map(({ name, points }) => ({ name, last: points[points.length - 1] }))
      .map(({ name, last }) => ({ name, x: plot.x(last?.x ?? 0), y: plot.y(last?.y ?? 0) - 11 }));
    return spread(ends, 15, plot.top - 4, plot.bottom - 8).map(({ name, x, y }) => {
      const side = x > (plot.left + plot.right) / 2 ? 'right' : 'left';
      return label(isolate(name), x, y, side, this.isRtl, 'name');
    });
  }

  private marksOf(plot: Frame, lines: readonly Line[]): Mark[] {
    return lines
      .filter(({ silent }) => !silent)
      .flatMap((line) =>
        line.points.map((point) => ({
          x: plot.x(point.x),
          y: plot.y(point.y),
          id: point.id ?? line.id,
          title: line.name,
          rows: [
            [this.x.label, writeValue(point.x, this.x, this.formats)],
            [this.y.label, writeValue(point.y, this.y, this.formats)],
            ...(point.note ? [['', point.note] as const] : []),
          ] as const,
        })),
      );
  }

  private legendEntries(lines: readonly Line[]): LegendEntry[] {
    const named = lines.filter(({ faint }) => !faint).slice(0, 8);
    const own =
      named.length < 2
        ? []
        : named.map((line): LegendEntry => {
            const kind =
              line.drawn === 'points'
                ? (line.points[0]?.shape ?? 'circle')
                : line.drawn === 'dashed'
                  ? 'dashed'
                  : 'line';
            return { label: line.name, series: line.series ?? 1, shape: kind };
          });
    return [...own, ...this.entries];
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
