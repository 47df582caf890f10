import type { MessageKey } from '../../i18n/keys';
import { isShare, metricInSentence, metricValue } from '../../i18n/metrics';
import type { Translator } from '../../i18n/translator';
import { ratio } from './wording';

export interface Interval {
  value: number;
  low: number;
  high: number;
}

/** What came of a model, for its sentence; what is null was not measured, and is left out of it. */
export interface Outcome {
  /** Bytes before by bytes after; above 1 the result is smaller. */
  size: number;
  /** Time before by time after, one for each shape of the input; above 1 the result is faster. */
  speedups: readonly Interval[];
  /** How the task's own metric changed; without an interval where none was computed. */
  change: { metric: string; value: number; low?: number; high?: number } | null;
  /** The metric of the result alone, where it is not known what it was before. */
  now?: { metric: string; value: number } | null;
}

export type Direction = 'better' | 'worse' | 'level';

const SAME_SIZE = 0.005;

/** The result in one plain sentence. */
export function headline(outcome: Outcome, translator: Translator): string {
  const parts = [sizePart(outcome.size, translator)];
  if (outcome.speedups.length > 0) parts.push(speedPart(outcome.speedups, translator));
  if (outcome.change) parts.push(changePart(outcome.change, translator));
  else if (outcome.now) parts.push(nowPart(outcome.now, translator));
  return translator.text('result.headline', { facts: translator.formats.list(parts) });
}

export function sizePart(size: number, translator: Translator): string {
  if (Math.abs(size - 1) < SAME_SIZE) return translator.text('result.size.same');
  const key = size > 1 ? 'result.size.smaller' : 'result.size.larger';
  return translator.text(key, { times: ratio(size > 1 ? size : 1 / size, translator.formats) });
}

/** Whether a speed-up is told from none: only where its whole interval is on one side of 1. */
export function judgeSpeed(speedups: readonly Interval[]): Direction {
  if (speedups.every(({ low }) => low > 1)) return 'better';
  if (speedups.every(({ high }) => high < 1)) return 'worse';
  return 'level';
}

function speedPart(speedups: readonly Interval[], translator: Translator): string {
  const direction = judgeSpeed(speedups);
  const slower = direction === 'worse';
  const times = (value: number) => ratio(slower ? 1 / value : value, translator.formats);
  const word = { better: 'faster', worse: 'slower', level: 'same' }[direction];
  const only = speedups.length === 1 ? speedups[0] : undefined;
  if (only) {
    const [low, high] = slower ? [only.high, only.low] : [only.low, only.high];
    const values = { times: times(only.value), low: times(low), high: times(high) };
    return translator.text(`result.speed.${word}` as MessageKey, values);
  }
  const found = speedups.map(({ value }) => (slower ? 1 / value : value)).sort((a, b) => a - b);
  const [low = 1, high = 1] = [found[0], found.at(-1)];
  const values = { low: ratio(low, translator.formats), high: ratio(high, translator.formats) };
  return translator.text(`result.speed.${word}.shapes` as MessageKey, values);
}

function changePart(change: NonNullable<Outcome['change']>, translator: Translator): string {
  const metric = metricInSentence(change.metric, translator);
  const amount = (value: number) => changeAmount(change.metric, value, translator);
  const side = (value: number) =>
    value === 0
      ? translator.text('result.change.none')
      : translator.text(value > 0 ? 'result.change.side.higher' : 'result.change.side.lower', {
          amount: amount(value),
        });
  const word = change.value > 0 ? 'higher' : change.value < 0 ? 'lower' : 'equal';
  const values = { metric, amount: amount(change.value) };
  if (change.low === undefined || change.high === undefined) {
    return translator.text(`result.change.${word}.plain` as MessageKey, values);
  }
  const sides = { low: side(change.low), high: side(change.high) };
  return translator.text(`result.change.${word}` as MessageKey, { ...values, ...sides });
}

function nowPart({ metric, value }: NonNullable<Outcome['now']>, translator: Translator): string {
  const values = {
    metric: metricInSentence(metric, translator),
    value: metricValue(metric, value, translator.formats),
  };
  return translator.text('result.change.only', values);
}

/** By how much a metric changed, without a sign: in points of percent where it is a share of one. */
export function changeAmount(metric: string, value: number, translator: Translator): string {
  const size = Math.abs(value);
  if (!isShare(metric)) return translator.formats.significant(size, 3);
  const number = translator.formats.number(size * 100, { maximumFractionDigits: 1 });
  return translator.text('result.points', { number, count: size * 100 });
}
