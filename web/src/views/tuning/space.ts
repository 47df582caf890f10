import type { TuneSpec } from '../../api/types';
import { checkNumber, type Complaint } from '../../forms/check';
import { atShare, round, shareOf } from '../../forms/numbers';
import { checkRange } from '../../forms/range-check';
import type { Scalar } from '../../forms/schema';
import { findKnob, type Knob } from './knobs';

/** What a hyperparameter may be: one value, a range, or a list. Numbers that are not there yet are null or NaN. */
export type Domain =
  | { mode: 'fixed'; value: Scalar | null }
  | { mode: 'range'; min: number | null; max: number | null; log: boolean; points: number | null }
  | { mode: 'choices'; values: readonly Scalar[] };

export interface Dimension {
  name: string;
  domain: Domain;
  /** The condition of an earlier job's spec, kept as it is. */
  when?: Record<string, Scalar | Scalar[]>;
}

type Config = NonNullable<TuneSpec['config']>;
type Written = Config[string];
const PREVIEW = 20;

/** Writes the space as a spec has it. */
export function toConfig(space: readonly Dimension[]): Config {
  return Object.fromEntries(space.map((dimension) => [dimension.name, write(dimension)]));
}

function write({ name, domain, when }: Dimension): Written {
  const condition = when && Object.keys(when).length > 0 ? { when } : null;
  if (domain.mode === 'range') {
    const kind = findKnob(name)?.kind;
    return {
      min: domain.min,
      max: domain.max,
      distribution: domain.log ? 'log_uniform' : 'uniform',
      ...(domain.points === null ? {} : { step: domain.points }),
      ...(kind === 'int' || kind === 'float' ? { type: kind } : {}),
      ...condition,
    };
  }
  const values = domain.mode === 'fixed' ? [domain.value ?? ''] : [...domain.values];
  if (condition) return { choices: values, ...condition };
  return domain.mode === 'fixed' ? (domain.value ?? '') : values;
}

/** Reads a space out of a spec; the inverse of `toConfig`. */
export function fromConfig(config: Config): Dimension[] {
  return Object.entries(config).map(([name, written]) => {
    if (Array.isArray(written)) return { name, domain: { mode: 'choices', values: written } };
    if (typeof written !== 'object') return { name, domain: { mode: 'fixed', value: written } };
    const when = written.when && Object.keys(written.when).length > 0 ? { when: written.when } : {};
    if (written.choices) return { name, domain: { mode: 'choices', values: written.choices }, ...when };
    const { min = null, max = null, step = null } = written;
    return {
      name,
      domain: { mode: 'range', min, max, log: written.distribution === 'log_uniform', points: step },
      ...when,
    };
  });
}

/** Says what is wrong with a domain; `isGrid`: a grid has to visit every value. */
export function checkDomain(knob: Knob | undefined, domain: Domain, isGrid = false): Complaint | null {
  const rule = { ...(knob?.rule ?? {}), required: true };
  const isNumber = knob ? knob.kind === 'int' || knob.kind === 'float' : false;
  switch (domain.mode) {
    case 'fixed':
      if (domain.value === null) return { key: 'form.required' };
      return typeof domain.value === 'number' ? checkNumber(domain.value, rule) : null;
    case 'choices':
      if (domain.values.length === 0) return { key: 'tuning.space.choices.none' };
      if (!isNumber) return null;
      return domain.values.map((value) => checkNumber(Number(value), rule)).find((complaint) => complaint) ?? null;
    case 'range': {
      const complaint = checkRange(domain.min, domain.max, rule, domain.log);
      if (complaint) return complaint;
      const points = checkNumber(domain.points, { min: 2, integer: true });
      if (points) return points;
      return isGrid && domain.points === null && knob?.kind === 'float' ? { key: 'tuning.space.points.needed' } : null;
    }
  }
}

/** How many values a domain has; infinity for a continuous range. */
export function countValues(knob: Knob | undefined, domain: Domain): number {
  if (domain.mode === 'fixed') return 1;
  if (domain.mode === 'choices') return domain.values.length;
  if (domain.min === null || domain.max === null) return 0;
  const isInteger = knob?.kind === 'int';
  if (domain.points !== null) return isInteger ? valuesOf(domain, domain.points, true).length : domain.points;
  return isInteger ? domain.max - domain.min + 1 : Number.POSITIVE_INFINITY;
}

/** How many points the space has. */
export function countPoints(space: readonly Dimension[]): number {
  return space.reduce((count, { name, domain }) => count * countValues(findKnob(name), domain), 1);
}

/** Where about twenty values that a search would draw lie between the ends, 0 to 1; all of them where there are fewer. */
export function previewShares(knob: Knob | undefined, domain: Domain): number[] {
  if (domain.mode !== 'range' || checkDomain(knob, domain)) return [];
  const [min, max] = [domain.min ?? 0, domain.max ?? 1];
  const values = valuesOf(domain, domain.points ?? PREVIEW, knob?.kind === 'int');
  return values.map((value) => shareOf(value, min, max, false));
}

/** The value in the middle of a range on its scale: half of the draws lie below it. */
export function middleOf(domain: Extract<Domain, { mode: 'range' }>, isInteger: boolean): number {
  const middle = atShare(0.5, domain.min ?? 0, domain.max ?? 1, domain.log);
  return isInteger ? Math.round(middle) : round(middle, 2);
}

function valuesOf(domain: Extract<Domain, { mode: 'range' }>, count: number, isInteger: boolean): number[] {
  const [min, max] = [domain.min ?? 0, domain.max ?? 1];
  const values = Array.from({ length: count }, (_, index) => atShare(index / (count - 1), min, max, domain.log));
  return isInteger ? [...new Set(values.map(Math.round))] : values;
}
