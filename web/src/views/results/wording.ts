import type { Formats } from '../../i18n/formats';
import type { Translator } from '../../i18n/translator';

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

/** What a metric is called; one that we have no name for by its own. */
export function metricName(metric: string, translator: Translator): string {
  const key = `result.metric.${metric}`;
  return translator.has(key) ? translator.text(key) : metric;
}

export function metricValue(metric: string, value: number, formats: Formats): string {
  return isShare(metric) ? formats.percent(value) : formats.significant(value);
}

/** How many times, such as 2.4, 12 or 0.92. */
export function ratio(value: number, formats: Formats): string {
  return formats.number(value, { maximumFractionDigits: value >= 10 ? 0 : value >= 2 ? 1 : 2 });
}

/** A time of a call, given in milliseconds. */
export function milliseconds(value: number, formats: Formats): string {
  return formats.number(value, {
    style: 'unit',
    unit: 'millisecond',
    unitDisplay: formats.language === 'fa' ? 'long' : 'short',
    maximumSignificantDigits: 3,
  });
}

/** A change with its sign, in points where the metric is a share. */
export function signedChange(metric: string, value: number, formats: Formats): string {
  const options: Intl.NumberFormatOptions = { signDisplay: 'exceptZero' };
  return isShare(metric)
    ? formats.number(value * 100, { ...options, maximumFractionDigits: 1 })
    : formats.number(value, { ...options, maximumSignificantDigits: 3 });
}
