import { isBetter } from '../../i18n/metrics';
import type { CompareReport, ComparedModel, Estimate, MetricChange } from './reports';

export type Judgement = 'equal' | 'better' | 'worse';

/** What a change means, chance aside. */
export function judge(metric: string, { change }: MetricChange): Judgement {
  if (change.value === 0) return 'equal';
  return isBetter(metric, change.value) ? 'better' : 'worse';
}

/** Whether a change is more than chance, by the corrected p-value: the limit of the report's own verdicts. */
export function isBeyondChance({ adjustedP }: MetricChange, confidence: number): boolean {
  return adjustedP < 1 - confidence + 1e-12;
}

/** Metrics in the order in which they are told: the task's own first. */
export function metricsOf(report: CompareReport): string[] {
  const names = new Set(report.models.flatMap(({ quality }) => Object.keys(quality)));
  const { metric } = report;
  if (metric === null || !names.delete(metric)) return [...names];
  return [metric, ...names];
}

const shapeKey = ({ batch, length }: { batch: number; length: number }) => `${batch}x${length}`;

/** Shapes that were timed, in the order of the report. */
export function shapesOf(report: CompareReport): { batch: number; length: number }[] {
  const found = new Map(report.models.flatMap(({ speed }) => speed.map((shape) => [shapeKey(shape), shape] as const)));
  return [...found.values()].map(({ batch, length }) => ({ batch, length }));
}

/** What was measured of a model at a shape. */
export function atShape<T extends { batch: number; length: number }>(
  measured: readonly T[],
  shape: { batch: number; length: number },
): T | undefined {
  return measured.find((one) => shapeKey(one) === shapeKey(shape));
}

/** The geometric mean of the medians over the shapes that all timed models have, in milliseconds; null without any. */
export function pooledLatency(model: ComparedModel, models: readonly ComparedModel[]): number | null {
  const timed = models.filter(({ speed }) => speed.length > 0);
  const common = model.speed.filter((shape) => timed.every(({ speed }) => atShape(speed, shape)));
  if (common.length === 0) return null;
  return Math.exp(common.reduce((sum, { p50 }) => sum + Math.log(p50), 0) / common.length);
}

export interface TradePoint {
  label: string;
  /** Of the model in the report. */
  place: number;
  /** Milliseconds, or bytes. */
  cost: number;
  quality: Estimate;
}

/** The task's own metric against a cost, for the models that have both. */
export function tradePoints(report: CompareReport, cost: 'latency' | 'size'): TradePoint[] {
  const { metric, models } = report;
  if (metric === null) return [];
  return models.flatMap((model, place) => {
    const quality = model.quality[metric];
    const price = cost === 'size' ? model.weightBytes : pooledLatency(model, models);
    return quality === undefined || price === null ? [] : [{ label: model.label, place, cost: price, quality }];
  });
}

/** The other way round: half as fast instead of 0.5 times as fast. */
export function inverted({ value, low, high, confidence }: Estimate): Estimate {
  return { value: 1 / value, low: 1 / high, high: 1 / low, confidence };
}

const LEAST_RATIO = 1.02;

/** What the interval of a speed-up says; below 2 % it is called the same, as in the report's verdicts. */
export function judgeSpeed({ value, low, high }: Estimate): 'faster' | 'slower' | 'same' {
  if (low > 1 && value >= LEAST_RATIO) return 'faster';
  return high < 1 && value <= 1 / LEAST_RATIO ? 'slower' : 'same';
}

/** Ratios of sizes; below 2 % they are called the same. */
export function judgeSize(ratio: number): 'smaller' | 'larger' | 'same' {
  if (Math.max(ratio, 1 / ratio) < LEAST_RATIO) return 'same';
  return ratio > 1 ? 'smaller' : 'larger';
}
