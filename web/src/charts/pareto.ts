export type Better = 'lower' | 'higher';

interface Spot {
  x: number;
  y: number;
}

/** The points that no other beats in one of two values without losing in the other, from the best `x` on. */
export function paretoFront<T extends Spot>(points: readonly T[], betterX: Better, betterY: Better): T[] {
  const sx = betterX === 'lower' ? 1 : -1;
  const sy = betterY === 'lower' ? 1 : -1;
  const sorted = [...points].sort((a, b) => sx * (a.x - b.x) || sy * (a.y - b.y));
  const front: T[] = [];
  let best = Infinity;
  for (const point of sorted) {
    if (sy * point.y >= best) continue;
    best = sy * point.y;
    front.push(point);
  }
  return front;
}

/** The best value so far at each place, as a list of places where it changes, and the last one. */
export function bestSoFar(points: readonly Spot[], better: Better): Spot[] {
  const sign = better === 'lower' ? 1 : -1;
  const steps: Spot[] = [];
  let best = Infinity;
  for (const point of [...points].sort((a, b) => a.x - b.x)) {
    if (sign * point.y >= best) continue;
    best = sign * point.y;
    steps.push({ x: point.x, y: point.y });
  }
  const last = points.reduce((most, { x }) => Math.max(most, x), -Infinity);
  const end = steps[steps.length - 1];
  return end && last > end.x ? [...steps, { x: last, y: end.y }] : steps;
}

/** A path through points in pixels that first goes level, then up or down. */
export function stepPath(points: readonly Spot[]): string {
  return points.map(({ x, y }, index) => (index === 0 ? `M${x} ${y}` : `H${x}V${y}`)).join('');
}
