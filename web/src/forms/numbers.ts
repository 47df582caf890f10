import type { Formats } from '../i18n/formats';

const SMALL = 1e-4;

/** Writes a number as a field shows it and `readNumber` reads it back. */
export function writeNumber(value: number | null, formats: Formats): string {
  if (value === null || Number.isNaN(value)) return '';
  const size = Math.abs(value);
  if (formats.language === 'en' && size !== 0 && (size < SMALL || size >= 1e9)) return value.toExponential();
  return formats.number(value, { maximumSignificantDigits: 15, useGrouping: size >= 10_000 });
}

/** Writes several numbers as a field of a list shows them. */
export function writeNumbers(values: readonly number[], formats: Formats): string {
  return values.map((value) => writeNumber(value, formats)).join(formats.language === 'fa' ? '، ' : ', ');
}

/** Returns the value at a share (0 to 1) of a range, on a linear or a logarithmic scale. */
export function atShare(share: number, low: number, high: number, log: boolean): number {
  return log ? low * (high / low) ** share : low + (high - low) * share;
}

/** Returns where a value lies in a range, 0 to 1; the inverse of `atShare`. */
export function shareOf(value: number, low: number, high: number, log: boolean): number {
  if (high === low) return 0;
  const share = log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  return Math.min(1, Math.max(0, share));
}

/** Rounds to so many digits that tell something, without the noise of binary fractions. */
export function round(value: number, digits = 3): number {
  return Number(value.toPrecision(digits));
}
