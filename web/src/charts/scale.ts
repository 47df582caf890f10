/** A line of numbers laid onto pixels. */
export interface Scale {
  (value: number): number;
  readonly domain: readonly [number, number];
  /** Round values inside the domain, about as many as asked for. */
  ticks(count: number): number[];
}

type Pair = readonly [number, number];

/** Lays values evenly onto a range; a range that runs backwards mirrors it. */
export function linear(domain: Pair, range: Pair): Scale {
  const [low, high] = domain;
  const span = high - low || 1;
  const scale = (value: number) => range[0] + ((value - low) / span) * (range[1] - range[0]);
  return Object.assign(scale, { domain, ticks: (count: number) => linearTicks(low, high, count) });
}

/** Lays positive values onto a range by their powers of ten. */
export function logarithmic(domain: Pair, range: Pair): Scale {
  const [low, high] = [Math.log10(domain[0]), Math.log10(domain[1])];
  const span = high - low || 1;
  const scale = (value: number) => range[0] + ((Math.log10(value) - low) / span) * (range[1] - range[0]);
  return Object.assign(scale, { domain, ticks: (count: number) => logTicks(domain[0], domain[1], count) });
}

export function makeScale(log: boolean, domain: Pair, range: Pair): Scale {
  return log ? logarithmic(domain, range) : linear(domain, range);
}

/** The step of 1, 2 or 5 times a power of ten that cuts a span into about so many parts. */
export function niceStep(span: number, count: number): number {
  const rough = span / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const lead = rough / power;
  return power * (lead >= 7.07 ? 10 : lead >= 3.16 ? 5 : lead >= 1.41 ? 2 : 1);
}

function linearTicks(low: number, high: number, count: number): number[] {
  if (!(high > low)) return [low];
  const step = niceStep(high - low, count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  const found: number[] = [];
  for (let at = first; at <= last; at++) found.push(Number((at * step).toPrecision(12)));
  return found;
}

/* Powers of ten; where fewer than three lie inside, 1-2-5 of each; over a span below that, as on a linear scale. */
function logTicks(low: number, high: number, count: number): number[] {
  const powers: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) powers.push(power);
  const inside = (value: number) => value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9);
  const at = (leads: readonly number[]) =>
    powers.flatMap((power) => leads.map((lead) => Number((lead * 10 ** power).toPrecision(12)))).filter(inside);
  const whole = at([1]);
  if (whole.length > count) {
    const every = Math.ceil(whole.length / count);
    return whole.filter((_, index) => index % every === 0);
  }
  if (whole.length >= 3) return whole;
  const fine = at([1, 2, 5]);
  return fine.length >= 2 ? fine : linearTicks(low, high, count);
}

export interface DomainWishes {
  log?: boolean | undefined;
  /** Zero lies in it. */
  zero?: boolean | undefined;
  /** Share of the span that stays free at both ends. */
  pad?: number | undefined;
}

/** The span of some values with room at its ends; sensible also for none, or for one value only. */
export function domainOf(values: Iterable<number>, { log = false, zero = false, pad = 0.06 }: DomainWishes = {}): Pair {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value) || (log && value <= 0)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return log ? [1, 10] : [0, 1];
  if (log) {
    const room = Math.max((high / low) ** pad, low === high ? 2 : 1.02);
    return [low / room, high * room];
  }
  const room = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * pad;
  const padded: Pair = [low - room, high + room];
  if (!zero) return padded;
  return [low < 0 ? padded[0] : 0, high > 0 ? padded[1] : 0];
}

/** How many digits behind the point tell ticks apart. */
export function tickDigits(ticks: readonly number[]): number {
  if (ticks.length < 2) return 2;
  const step = Math.abs((ticks[1] ?? 0) - (ticks[0] ?? 0));
  return step === 0 ? 2 : Math.min(Math.max(-Math.floor(Math.log10(step) + 1e-9), 0), 12);
}
