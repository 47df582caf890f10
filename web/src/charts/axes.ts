import { nothing, svg } from 'lit';
import type { Formats } from '../i18n/formats';
import { label } from './chart';
import { textWidth } from './placing';
import { makeScale, tickDigits, type Scale } from './scale';

/** How a value is laid out and written. */
export interface Axis {
  label: string;
  /** How values are written; by default as plain numbers with as many digits as tell them apart. */
  format?: ((value: number) => string) | undefined;
  log?: boolean | undefined;
  /** Zero lies on the axis. */
  zero?: boolean | undefined;
  /** Only whole numbers: trials, epochs. */
  whole?: boolean | undefined;
  /** A line that has to be kept, and what it is called. */
  limit?: { value: number; label: string } | undefined;
}

export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
  x: Scale;
  y: Scale;
  xTicks: readonly number[];
  yTicks: readonly number[];
}

type Pair = readonly [number, number];

/** Lays out a plot with two axes: the upright one stands at the side where reading begins. */
export function frame(
  width: number,
  height: number,
  [x, y]: readonly [Axis, Axis],
  [domainX, domainY]: readonly [Pair, Pair],
  formats: Formats,
): Frame {
  const isRtl = formats.direction === 'rtl';
  const [top, bottom] = [26, height - 40];
  const upright = makeScale(y.log ?? false, domainY, [bottom, top]);
  const yTicks = thin(upright.ticks(Math.max(Math.floor((bottom - top) / 48), 2)), y);
  const room = Math.max(...yTicks.map((tick) => textWidth(writeTick(tick, y, yTicks, formats))), 20) + 10;
  const [left, right] = isRtl ? [10, width - room] : [room, width - 10];
  const level = makeScale(x.log ?? false, domainX, isRtl ? [right, left] : [left, right]);
  const xTicks = thin(level.ticks(Math.max(Math.floor((right - left) / 84), 2)), x);
  return { left, right, top, bottom, x: level, y: upright, xTicks, yTicks };
}

function thin(ticks: readonly number[], axis: Axis): number[] {
  return ticks.filter((tick) => !axis.whole || Number.isInteger(tick));
}

export function writeTick(value: number, axis: Axis, ticks: readonly number[], formats: Formats): string {
  if (axis.format) return axis.format(value);
  if (axis.log) return formats.significant(value, 2);
  const digits = tickDigits(ticks);
  if (digits > 4 || Math.abs(value) >= 1e6) return formats.significant(value, 3);
  return formats.number(value, { minimumFractionDigits: value === 0 ? 0 : digits, maximumFractionDigits: digits });
}

/** Writes a value of an axis where it stands alone: in a tip, in a table. */
export function writeValue(value: number, axis: Axis, formats: Formats): string {
  return axis.format ? axis.format(value) : formats.significant(value);
}

/** Draws grid, ticks and names. */
export function axes(plot: Frame, [x, y]: readonly [Axis, Axis], formats: Formats) {
  const isRtl = formats.direction === 'rtl';
  const { left, right, bottom } = plot;
  const edge = isRtl ? right : left;
  return svg`
    ${plot.yTicks.map((tick) => {
      const at = plot.y(tick);
      const text = writeTick(tick, y, plot.yTicks, formats);
      return svg`<line class="grid" x1=${left} x2=${right} y1=${at} y2=${at} />
        ${label(text, isRtl ? right + 8 : left - 8, at, isRtl ? 'left' : 'right', isRtl)}`;
    })}
    <line class="base" x1=${left} x2=${right} y1=${bottom} y2=${bottom} />
    ${plot.xTicks.map((tick) => {
      const at = plot.x(tick);
      return svg`<line class="base" x1=${at} x2=${at} y1=${bottom} y2=${bottom + 4} />
        ${label(writeTick(tick, x, plot.xTicks, formats), at, bottom + 14, 'middle', isRtl)}`;
    })}
    ${label(y.label, isRtl ? edge + 4 : Math.max(edge - 40, 0), 8, isRtl ? 'right' : 'left', isRtl, 'name')}
    ${label(x.label, isRtl ? left : right, bottom + 33, isRtl ? 'left' : 'right', isRtl, 'name')}
  `;
}

/** Draws the limits of both axes; over what is drawn, so that their names stay readable. */
export function limits(plot: Frame, [x, y]: readonly [Axis, Axis], formats: Formats) {
  const isRtl = formats.direction === 'rtl';
  return svg`${limit(plot, y, 'y', isRtl)} ${limit(plot, x, 'x', isRtl)}`;
}

function limit(plot: Frame, axis: Axis, which: 'x' | 'y', isRtl: boolean) {
  if (!axis.limit) return nothing;
  const { left, right, top, bottom } = plot;
  const at = plot[which](axis.limit.value);
  if (which === 'x') {
    return svg`<line class="limit" x1=${at} x2=${at} y1=${top} y2=${bottom} />
      ${label(axis.limit.label, at + (isRtl ? -5 : 5), top + 6, isRtl ? 'right' : 'left', isRtl, 'limit-label')}`;
  }
  return svg`<line class="limit" x1=${left} x2=${right} y1=${at} y2=${at} />
    ${label(axis.limit.label, isRtl ? left : right, at - 8, isRtl ? 'left' : 'right', isRtl, 'limit-label')}`;
}
