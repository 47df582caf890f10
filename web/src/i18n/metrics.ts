import type { Formats } from './formats';
import type { Translator } from './translator';

/** Metrics between 0 and 1, told as percent and their changes as points. */
const SHARES: ReadonlySet<string> = new Set([
  'accuracy',
  'f1',
  'f1Weighted',
  'precision',
  'recall',
  'rouge1',
  'rouge2',
  'rougeL',
]);
/** Metrics that are better the smaller they are. */
const FALLING: ReadonlySet<string> = new Set(['loss', 'perplexity']);

export function isShare(metric: string): boolean {
  return SHARES.has(metric);
}

/** Whether a change of a metric is for the better. */
export function isBetter(metric: string, change: number): boolean {
  return FALLING.has(metric) ? change < 0 : change > 0;
}

/** What a metric is called; one that we have no name for by its own, in the direction of its letters. */
export function metricName(metric: string, translator: Translator): string {
  const key = `metric.${metric}`;
  return translator.has(key) ? translator.text(key) : `\u2068${metric}\u2069`;
}

/** The same in the midst of a sentence: small, unless it is written in capitals, such as F1. */
export function metricInSentence(metric: string, translator: Translator): string {
  const name = metricName(metric, translator);
  return /^[A-Z][a-z]/.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name;
}

/** The value of a metric with its unit: shares as percent, a size in bytes, a latency in milliseconds. */
export function metricValue(metric: string, value: number, formats: Formats): string {
  if (isShare(metric)) return formats.percent(value);
  if (metric === 'size') return formats.bytes(value);
  if (metric === 'latency') return formats.milliseconds(value);
  return metric === 'seconds' ? formats.duration(value) : formats.significant(value);
}
