import { describe, expect, test } from 'vitest';
import { bestSoFar, paretoFront, stepPath } from '../../src/charts/pareto';
import { placeLabels, shorten, spread, textWidth } from '../../src/charts/placing';
import { domainOf, linear, logarithmic, niceStep, tickDigits } from '../../src/charts/scale';

describe('scales', () => {
  test('lay values onto a range, mirrored if it runs backwards', () => {
    expect(linear([0, 10], [100, 300])(5)).toBe(200);
    expect(linear([0, 10], [300, 100])(2.5)).toBe(250);
    expect(logarithmic([1e-5, 1e-1], [0, 400])(1e-3)).toBeCloseTo(200);
  });

  test('have round ticks inside their domain', () => {
    expect(linear([0.03, 0.97], [0, 1]).ticks(5)).toEqual([0.2, 0.4, 0.6, 0.8]);
    expect(linear([-12, 31], [0, 1]).ticks(4)).toEqual([-10, 0, 10, 20, 30]);
    expect(linear([3, 3], [0, 1]).ticks(4)).toEqual([3]);
  });

  test('have powers of ten as ticks where they are logarithmic, and finer ones over a short span', () => {
    expect(logarithmic([9e-6, 0.11], [0, 1]).ticks(8)).toEqual([1e-5, 1e-4, 1e-3, 1e-2, 1e-1]);
    expect(logarithmic([8, 130], [0, 1]).ticks(6)).toEqual([10, 20, 50, 100]);
    expect(logarithmic([21, 24], [0, 1]).ticks(3)).toEqual([21, 22, 23, 24]);
    expect(logarithmic([1, 1e12], [0, 1]).ticks(5).length).toBeLessThanOrEqual(5);
  });

  test.each([
    [10, 5, 2],
    [1, 4, 0.2],
    [700, 7, 100],
  ])('cut %d into %d by steps of %d', (span, count, step) => {
    expect(niceStep(span, count)).toBeCloseTo(step);
  });

  test('have a domain also for no value, for one, and for what a logarithm cannot take', () => {
    expect(domainOf([])).toEqual([0, 1]);
    expect(domainOf([Number.NaN, Infinity])).toEqual([0, 1]);
    const [low, high] = domainOf([0.5]);
    expect(low).toBeLessThan(0.5);
    expect(high).toBeGreaterThan(0.5);
    expect(domainOf([-1, 0, 100], { log: true })[0]).toBeGreaterThan(0);
    expect(domainOf([3, 4], { zero: true, pad: 0 })).toEqual([0, 4]);
    expect(domainOf([-3, -1], { zero: true, pad: 0 })).toEqual([-3, 0]);
  });

  test('say how many digits tell their ticks apart', () => {
    expect(tickDigits([0.2, 0.4])).toBe(1);
    expect(tickDigits([0.05, 0.1])).toBe(2);
    expect(tickDigits([10, 20])).toBe(0);
  });
});

describe('fronts', () => {
  const points = [
    { x: 1, y: 0.7 },
    { x: 2, y: 0.9 },
    { x: 2, y: 0.8 },
    { x: 3, y: 0.85 },
    { x: 4, y: 0.95 },
  ];

  test('hold the points that no other beats', () => {
    expect(paretoFront(points, 'lower', 'higher').map(({ x, y }) => [x, y])).toEqual([
      [1, 0.7],
      [2, 0.9],
      [4, 0.95],
    ]);
    expect(paretoFront(points, 'lower', 'lower').map(({ x }) => x)).toEqual([1]);
    expect(paretoFront([], 'lower', 'lower')).toEqual([]);
  });

  test('are the best so far over time, up to the last', () => {
    const history = [5, 7, 6, 9, 8].map((y, x) => ({ x, y }));
    expect(bestSoFar(history, 'higher')).toEqual([
      { x: 0, y: 5 },
      { x: 1, y: 7 },
      { x: 3, y: 9 },
      { x: 4, y: 9 },
    ]);
    expect(bestSoFar(history, 'lower')).toEqual([
      { x: 0, y: 5 },
      { x: 4, y: 5 },
    ]);
  });

  test('are drawn level first', () => {
    expect(
      stepPath([
        { x: 1, y: 2 },
        { x: 3, y: 4 },
      ]),
    ).toBe('M1 2H3V4');
  });
});

describe('labels', () => {
  const area = { x: 0, y: 0, width: 400, height: 200 };
  const box = ({ text, x, y, side }: ReturnType<typeof placeLabels>[number]) => {
    const width = textWidth(text);
    return { left: side === 'left' ? x : side === 'right' ? x - width : x - width / 2, width, top: y - 7, height: 14 };
  };

  test('do not lie on each other, nor outside', () => {
    const points = Array.from({ length: 30 }, (_, at) => ({
      x: (at * 37) % 400,
      y: (at * 53) % 200,
      text: `model-${at}`,
    }));
    const placed = placeLabels(points, points, area).map(box);
    expect(placed.length).toBeGreaterThan(5);
    for (const [index, a] of placed.entries()) {
      expect(a.left).toBeGreaterThanOrEqual(0);
      expect(a.left + a.width).toBeLessThanOrEqual(400);
      for (const b of placed.slice(index + 1)) {
        const apart =
          a.left + a.width <= b.left || b.left + b.width <= a.left || a.top + 14 <= b.top || b.top + 14 <= a.top;
        expect(apart).toBe(true);
      }
    }
  });

  test('are shortened to their room', () => {
    expect(shorten('short', 200)).toBe('short');
    const cut = shorten('a-very-long-name-of-a-model', 80);
    expect(cut.endsWith('…')).toBe(true);
    expect(textWidth(cut)).toBeLessThanOrEqual(80);
  });
});

test('labels that stand one below the other are moved apart, inside their bounds', () => {
  const moved = spread([{ y: 10 }, { y: 12 }, { y: 95 }, { y: 97 }], 15, 0, 100).map(({ y }) => y);
  expect(moved).toEqual([10, 25, 85, 100]);
});
