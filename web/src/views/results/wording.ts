import type { Formats } from '../../i18n/formats';
import { isShare } from '../../i18n/metrics';

/** How many times, such as 2.4, 12 or 0.92. */
export function ratio(value: number, formats: Formats): string {
  return formats.number(value, { maximumFractionDigits: value >= 10 ? 0 : value >= 2 ? 1 : 2 });
}

/** A change with its sign, in points where the metric is a share. */
export function signedChange(metric: string, value: number, formats: Formats): string {
  const options: Intl.NumberFormatOptions = { signDisplay: 'exceptZero' };
  return isShare(metric)
    ? formats.number(value * 100, { ...options, maximumFractionDigits: 1 })
    : formats.number(value, { ...options, maximumSignificantDigits: 3 });
}
