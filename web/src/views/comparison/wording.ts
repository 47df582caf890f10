import { engineName } from '../../i18n/engines';
import type { Formats } from '../../i18n/formats';
import type { MessageKey } from '../../i18n/keys';
import type { Values } from '../../i18n/messages';
import { isShare, metricValue } from '../../i18n/metrics';
import type { ComparedSlice, Estimate, Recipe } from './reports';

/** What puts figures into words: an element of the studio, or the translator itself. */
export interface Speaker {
  text(key: MessageKey, values?: Values): string;
  readonly formats: Formats;
}

/** A number with its sign, from left to right whatever stands beside it. */
function number(text: string): string {
  return `\u2066${text}\u2069`;
}

/** A name inside a sentence, in the direction of its own letters. */
export function isolate(name: string): string {
  return `\u2068${name}\u2069`;
}

/** Two ends of an interval: `3.1–3.4`, «۳٫۱ تا ۳٫۴». */
export function interval(low: string, high: string, speaker: Speaker): string {
  return speaker.text('comparison.interval', { low: number(low), high: number(high) });
}

export function metricInterval(metric: string, { low, high }: Estimate, speaker: Speaker): string {
  return interval(metricValue(metric, low, speaker.formats), metricValue(metric, high, speaker.formats), speaker);
}

/** A number with its sign; a minus that is a minus. */
export function signed(value: number, { formats }: Speaker, digits = 2): string {
  return formats.number(value, { signDisplay: 'exceptZero', maximumFractionDigits: digits });
}

/** A change of a metric as a number without a unit: points of a hundred for shares. */
export function changeNumber(metric: string, value: number, speaker: Speaker): string {
  if (isShare(metric)) return signed(value * 100, speaker);
  return speaker.formats.number(value, { signDisplay: 'exceptZero', maximumSignificantDigits: 3 });
}

/** A change of a metric with its unit. */
export function changeText(metric: string, value: number, speaker: Speaker): string {
  const number = changeNumber(metric, value, speaker);
  return isShare(metric) ? speaker.text('comparison.points', { number }) : number;
}

/** A ratio without a unit: as many digits as tell something. */
export function ratioNumber(value: number, { formats }: Speaker): string {
  return formats.number(value, { maximumFractionDigits: value < 2 ? 2 : value < 10 ? 1 : 0 });
}

/** A ratio: `3.1×`, «۳٫۱ برابر». */
export function ratioText(value: number, speaker: Speaker): string {
  return speaker.text('comparison.times', { number: ratioNumber(value, speaker) });
}

/** A p-value; the smallest by their limit. */
export function chance(value: number, speaker: Speaker): string {
  const { formats } = speaker;
  if (value < 0.001)
    return speaker.text('comparison.p.below', { number: formats.number(0.001, { minimumFractionDigits: 3 }) });
  const digits = value < 0.1 ? 3 : 2;
  return formats.number(value, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export function milliseconds(value: number, { formats }: Speaker): string {
  return formats.number(value, { maximumSignificantDigits: 3 });
}

/** Rows by tokens of a call. */
export function shapeText({ batch, length }: { batch: number; length: number }, { formats }: Speaker): string {
  const text = `${formats.number(batch)} × ${formats.number(length)}`;
  return `${formats.direction === 'rtl' ? '\u2067' : '\u2066'}${text}\u2069`; // rows first, as the page is read
}

/** What rows a slice holds. */
export function sliceName({ column, value, low, high, rest }: ComparedSlice, speaker: Speaker): string {
  const name = column === null ? speaker.text('comparison.slice.length') : isolate(column);
  if (rest) return speaker.text('comparison.slice.rest', { column: name });
  if (low !== null && high !== null) {
    const { formats } = speaker;
    return speaker.text('comparison.slice.span', {
      column: name,
      low: formats.number(low),
      high: formats.number(high),
    });
  }
  if (!value) return speaker.text('comparison.slice.missing', { column: name });
  return speaker.text('comparison.slice.value', { column: name, value: isolate(value) });
}

/** The steps of a recipe in words, in their order. */
export function recipeSteps(recipe: Recipe, speaker: Speaker): string[] {
  const { trim, cut, train, quantize } = recipe;
  const steps: string[] = [];
  if (trim) steps.push(speaker.text('comparison.recipe.trim'));
  if (cut) steps.push(cutText(cut, speaker));
  if (train) {
    const rate = speaker.formats.number(train.learningRate, { maximumSignificantDigits: 2 });
    steps.push(speaker.text('comparison.recipe.train', { count: train.epochs, rate }));
  }
  if (quantize) steps.push(quantizeText(quantize, speaker));
  return steps.length > 0 ? steps : [speaker.text('comparison.recipe.nothing')];
}

function cutText({ method, ratios = {}, keepLayers }: NonNullable<Recipe['cut']>, speaker: Speaker): string {
  const { formats } = speaker;
  const parts: string[] = [];
  const share = (key: MessageKey, ratio = 0) => {
    if (ratio > 0) parts.push(speaker.text(key, { share: formats.percent(ratio, 0) }));
  };
  if (keepLayers) {
    const layers = formats.list(keepLayers.map((layer) => formats.number(layer)));
    parts.push(speaker.text('comparison.recipe.keep-layers', { layers }));
  } else {
    share('comparison.recipe.layers', ratios.layers);
  }
  share('comparison.recipe.heads', ratios.heads);
  share('comparison.recipe.neurons', ratios.feedForward);
  share('comparison.recipe.width', ratios.hidden);
  return speaker.text('comparison.recipe.cut', { parts: formats.list(parts), method: isolate(method) });
}

function quantizeText(step: NonNullable<Recipe['quantize']>, speaker: Speaker): string {
  const { backend, method = 'dynamic', bits = 8, symmetric = true, keepWorst = 0 } = step;
  const name = isolate(engineName(backend));
  const whole =
    bits >= 16
      ? speaker.text('comparison.recipe.float', { bits, backend: name })
      : speaker.text('comparison.recipe.quantize', {
          bits,
          backend: name,
          method: speaker.text(METHODS[method] ?? 'comparison.method.dynamic'),
        });
  const more = [
    ...(symmetric || bits >= 16 ? [] : [speaker.text('comparison.recipe.asymmetric')]),
    ...(keepWorst > 0 ? [speaker.text('comparison.recipe.kept', { count: keepWorst })] : []),
  ];
  return [whole, ...more].join(speaker.formats.language === 'fa' ? '، ' : ', ');
}

const METHODS: Readonly<Record<string, MessageKey>> = {
  dynamic: 'comparison.method.dynamic',
  static: 'comparison.method.static',
  'weight-only': 'comparison.method.weight-only',
};
