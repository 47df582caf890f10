import type { CompressSpec, Trial } from '../../api/types';
import type { Candidate, CompressReport, Recipe } from './reports';

export type Minimized = 'latency' | 'size';

/** A candidate as far as it is known: of a trial while the search runs, of the report when it has ended. */
export interface Looked {
  number: number;
  recipe: Recipe;
  /** A trial does not tell whether it was judged in earnest or passed over; its report does. */
  state: Candidate['state'] | 'running' | 'looked-at';
  reason: string;
  drop: number | null;
  dropInterval: readonly [number, number] | null;
  /** Points that are lost at most, as sure as was asked for; null where the server does not tell. */
  dropBound: number | null;
  /** Milliseconds, bytes, and times as fast as the original; null where not known. */
  latency: number | null;
  size: number | null;
  speedup: number | null;
  seconds: number | null;
}

/** Reads a point of the search space as a recipe. */
export function readRecipe(params: Trial['params']): Recipe {
  const number = (name: string) => Number(params[name] ?? 0);
  const [backend, method, bits, sign] = String(params['quantization'] ?? 'none').split('/');
  const ratios = { layers: number('layers'), heads: number('heads'), feedForward: number('feedForward') };
  const cuts = params['cut'] === true && Object.values(ratios).some((ratio) => ratio > 0);
  return {
    trim: params['trim'] === true,
    cut: cuts ? { method: String(params['method']), ratios, layerRule: String(params['layerRule']) } : null,
    train: cuts ? { epochs: number('epochs'), learningRate: number('learningRate') } : null,
    quantize:
      backend && method && bits
        ? { backend, method, bits: Number(bits), symmetric: sign !== 'asymmetric', keepWorst: number('keep') }
        : null,
  };
}

/** Reads the trial of a candidate. */
export function readTrial({ number, params, state, metrics, fault, seconds }: Trial): Looked {
  const metric = (name: string) => metrics[name] ?? null;
  return {
    number,
    recipe: readRecipe(params),
    state: state === 'running' ? 'running' : state === 'succeeded' ? 'looked-at' : 'failed',
    reason: fault?.message ?? '',
    drop: metric('drop'),
    dropInterval: null,
    dropBound: metric('dropBound'),
    latency: metric('latency'),
    size: metric('size'),
    speedup: metric('speedup'),
    seconds,
  };
}

/** Reads a candidate of the report. */
export function readCandidate(candidate: Candidate): Looked {
  const metric = (name: string) => candidate.metrics[name] ?? null;
  const { number, recipe, state, reason, drop, stages } = candidate;
  return {
    number,
    recipe,
    state,
    reason,
    drop: metric('drop'),
    dropInterval: drop && [drop.low, drop.high],
    dropBound: metric('dropBound'),
    latency: metric('latency'),
    size: metric('size'),
    speedup: metric('speedup'),
    seconds: stages.reduce((sum, stage) => sum + stage.seconds, 0),
  };
}

/** Most points lost, bytes and milliseconds; null where nothing is asked. */
export interface Limits {
  drop: number;
  size: number | null;
  latency: number | null;
}

/** The limits of a spec, which the server has resolved to numbers. */
export function askedLimits(spec: CompressSpec): Limits {
  const number = (value: unknown) => (typeof value === 'number' ? value : null);
  return { drop: spec.maxAccuracyDrop ?? 1, size: number(spec.maxSize), latency: number(spec.maxLatency) };
}

/** The limits of a report; that what is minimized is below the original's is none that was asked for. */
export function limitsOf({ limits, original }: Pick<CompressReport, 'limits' | 'original'>): Limits {
  const asked = (name: Minimized) => {
    const limit = limits[name];
    return limit === undefined || limit >= original[name] * (1 - 1e-6) ? null : limit;
  };
  return { drop: limits['drop'] ?? 0, size: asked('size'), latency: asked('latency') };
}

/** The limits that a candidate does not keep, with what it has; what is not known keeps none. */
export function brokenLimits(
  one: Looked,
  limits: Limits,
): { name: keyof Limits; found: number | null; most: number }[] {
  const found = { drop: one.dropBound ?? one.drop, size: one.size, latency: one.latency };
  return (['drop', 'size', 'latency'] as const).flatMap((name) => {
    const most = limits[name];
    const value = found[name];
    return most === null || (value !== null && value <= most) ? [] : [{ name, found: value, most }];
  });
}

/** Whether a candidate keeps every limit. */
export function keepsLimits(one: Looked, limits: Limits): boolean {
  return brokenLimits(one, limits).length === 0;
}

/** The number of the candidate that the search holds for the best, by the value that its progress tells; -1 without. */
export function bestNumber(found: readonly Looked[], minimize: Minimized, best: number | null): number {
  return best === null ? -1 : (found.find((one) => one[minimize] === best)?.number ?? -1);
}
