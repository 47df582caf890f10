/** Numbers, dates, durations and sizes as a language writes them: Persian digits and Jalali dates in Persian. */
export type Language = 'fa' | 'en';

const LOCALES: Record<Language, string> = { fa: 'fa-IR-u-nu-arabext-ca-persian', en: 'en-GB' };
const BYTE_UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const DURATION_UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;
const PLAIN: Intl.NumberFormatOptions = { maximumFractionDigits: 2 };

export class Formats {
  readonly direction: 'rtl' | 'ltr';
  private readonly locale: string;
  private readonly rules: Intl.PluralRules;
  private readonly made = new Map<string, Intl.NumberFormat>();

  constructor(readonly language: Language) {
    this.locale = LOCALES[language];
    this.direction = language === 'fa' ? 'rtl' : 'ltr';
    this.rules = new Intl.PluralRules(this.locale);
  }

  plural(count: number): Intl.LDMLPluralRule {
    return this.rules.select(count);
  }

  number(value: number, options: Intl.NumberFormatOptions = PLAIN): string {
    const key = JSON.stringify(options);
    let format = this.made.get(key);
    if (!format) this.made.set(key, (format = new Intl.NumberFormat(this.locale, options)));
    return format.format(value);
  }

  /** A number with as many digits as tell something: 0.8731, 3.2e-5. */
  significant(value: number, digits = 4): string {
    const small = value !== 0 && Math.abs(value) < 1e-4;
    const large = Math.abs(value) >= 1e7;
    if (!small && !large) return this.number(value, { maximumSignificantDigits: digits });
    const [mantissa, exponent] = value
      .toExponential(digits - 1)
      .split('e')
      .map(Number) as [number, number];
    // As people of the field write it, and isolated: the two signs would change places in a text from right to left.
    return `\u2066${this.plain(mantissa, digits)}e${this.plain(exponent, digits)}\u2069`;
  }

  /** A share of one, as percent. */
  percent(share: number, digits = 1): string {
    const text = this.number(share, { style: 'percent', maximumFractionDigits: digits });
    // The sign would stand on the one side of the digits alone, and on the other after letters: always after, as read.
    return this.direction === 'rtl' ? `\u2067${text.replace('٪', '\u061c٪')}\u2069` : text;
  }

  /** A size in bytes, in decimal units. */
  bytes(size: number): string {
    const { value, unit } = this.bytesParts(size);
    return `${value} ${unit}`;
  }

  /** The same, cut into its number and its unit. */
  bytesParts(size: number): { value: string; unit: string } {
    const power = size < 1000 ? 0 : Math.min(Math.floor(Math.log10(size) / 3), BYTE_UNITS.length - 1);
    const value = size / 1000 ** power;
    const digits = power === 0 || value >= 100 ? 0 : 1;
    const format = new Intl.NumberFormat(this.locale, {
      style: 'unit',
      unit: BYTE_UNITS[power] ?? 'byte',
      unitDisplay: this.language === 'fa' || power === 0 ? 'long' : 'short',
      maximumFractionDigits: digits,
    });
    const parts = format.formatToParts(value);
    const unit = parts.filter(({ type }) => type === 'unit').map((part) => part.value);
    const number = parts.filter(({ type }) => type !== 'unit' && type !== 'literal').map((part) => part.value);
    return { value: number.join(''), unit: unit.join('') };
  }

  /** A time of a call, given in milliseconds. */
  milliseconds(value: number): string {
    return this.number(value, {
      style: 'unit',
      unit: 'millisecond',
      unitDisplay: this.language === 'fa' ? 'long' : 'short',
      maximumSignificantDigits: 3,
    });
  }

  /** A span of time by its two largest units, such as "3h 20m"; below ten seconds with a fraction, below one in milliseconds. */
  duration(seconds: number): string {
    if (seconds > 0 && seconds < 0.995) return this.unit('millisecond', Number((seconds * 1000).toPrecision(2)));
    if (seconds < 10) return this.unit('second', Number(seconds.toFixed(1)));
    let rest = Math.round(seconds);
    const parts: string[] = [];
    for (const [unit, size] of DURATION_UNITS) {
      const count = Math.floor(rest / size);
      rest -= count * size;
      if (count > 0) parts.push(this.unit(unit, count));
      else if (parts.length > 0) break;
      if (parts.length === 2) break;
    }
    return parts.join(this.language === 'fa' ? ' و ' : ' ');
  }

  /** A day and a time of it. */
  dateTime(moment: string | Date): string {
    return new Intl.DateTimeFormat(this.locale, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(moment));
  }

  date(moment: string | Date): string {
    return new Intl.DateTimeFormat(this.locale, { dateStyle: 'long' }).format(new Date(moment));
  }

  time(moment: string | Date): string {
    return new Intl.DateTimeFormat(this.locale, { timeStyle: 'medium' }).format(new Date(moment));
  }

  /** How long ago, or how soon, in one unit. */
  ago(moment: string | Date, now = Date.now()): string {
    const seconds = (new Date(moment).getTime() - now) / 1000;
    const [unit, size] = DURATION_UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1];
    return new Intl.RelativeTimeFormat(this.locale, { numeric: 'auto' }).format(Math.round(seconds / size), unit);
  }

  /** Names in one sentence: a, b and c. */
  list(items: readonly string[]): string {
    return new Intl.ListFormat(this.locale, { type: 'conjunction' }).format(items);
  }

  /** A quantity cut into its number and its unit, so that the two can be set apart. */
  unitParts(value: number, unit: string): Intl.NumberFormatPart[] {
    const options = { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: value >= 100 ? 0 : 1 } as const;
    const parts = new Intl.NumberFormat(this.locale, options).formatToParts(value);
    const isNumber = ({ type }: Intl.NumberFormatPart) => type !== 'unit' && type !== 'literal';
    const number = parts.filter(isNumber).map((part) => part.value);
    return [{ type: 'integer', value: number.join('') }, ...parts.filter((part) => !isNumber(part))];
  }

  /** Digits of the language with a plain minus, for what is read from left to right in any language. */
  private plain(value: number, digits: number): string {
    const text = this.number(Math.abs(value), { maximumSignificantDigits: digits });
    return value < 0 ? `-${text}` : text;
  }

  private unit(unit: string, value: number): string {
    return this.number(value, { style: 'unit', unit, unitDisplay: this.language === 'fa' ? 'long' : 'narrow' });
  }
}

/** Reads a number that a person typed: Persian, Arabic and Latin digits, `٫` or `.`; NaN if it is none. */
export function readNumber(text: string): number {
  const plain = latinDigits(text.trim())
    .replace(/[٬,\s\u061c\u200e\u200f\u2066-\u2069]/g, '')
    .replace('٫', '.')
    .replace('−', '-');
  return plain === '' ? Number.NaN : Number(plain);
}

/** Writes the Persian and Arabic digits of a text as Latin ones. */
export function latinDigits(text: string): string {
  return text
    .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x6f0))
    .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x660));
}
