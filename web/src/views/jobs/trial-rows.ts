import type { Trial } from '../../api/types';
import { latinDigits } from '../../i18n/formats';

export type TrialState = Trial['state'];
export interface Sorting {
  /** `number`, `seconds`, `value.0`, `metric.NAME`, or `param.NAME`. */
  by: string;
  down: boolean;
}

export interface TrialFilter {
  state: TrialState | '';
  /** Words that the parameters, the fault or the number hold. */
  words: string;
}

/** The names of all parameters, in the order in which they first appear. */
export function parameterNames(trials: readonly Trial[]): string[] {
  return [...new Set(trials.flatMap(({ params }) => Object.keys(params)))];
}

export function cellOf(trial: Trial, column: string): number | string | boolean | null {
  const [kind = '', ...rest] = column.split('.');
  const name = rest.join('.');
  if (kind === 'value') return trial.values[Number(name)] ?? null;
  if (kind === 'metric') return trial.metrics[name] ?? null;
  if (kind === 'param') return trial.params[name] ?? null;
  if (kind === 'seconds') return trial.seconds;
  if (kind === 'state') return trial.state;
  return trial.number;
}

/** Trials that match, sorted; those without a value come last in either direction. */
export function arrange(
  trials: readonly Trial[],
  { by, down }: Sorting,
  filter: TrialFilter,
  nameOf: (param: string) => string = (param) => param,
): Trial[] {
  const words = latinDigits(filter.words).toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const matches = (trial: Trial) => {
    if (filter.state && trial.state !== filter.state) return false;
    const params = Object.entries(trial.params).map(([name, value]) => `${name}=${value} ${nameOf(name)}=${value}`);
    const text = [String(trial.number), trial.fault?.message ?? '', ...params].join(' ').toLocaleLowerCase();
    return words.every((word) => text.includes(word));
  };
  const found = trials.filter(matches);
  return found.sort((a, b) => compare(cellOf(a, by), cellOf(b, by), down) || a.number - b.number);
}

function compare(a: unknown, b: unknown, down: boolean): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  const sign = down ? -1 : 1;
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * String(a).localeCompare(String(b), 'en', { numeric: true });
}
