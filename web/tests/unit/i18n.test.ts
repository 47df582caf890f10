import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Formats, readNumber } from '../../src/i18n/formats';
import { fill, type Catalogue, type Message } from '../../src/i18n/messages';

const FOLDER = new URL('../../src/i18n/', import.meta.url);
const AREAS = readdirSync(new URL('en/', FOLDER));

const read = (language: string, file: string) =>
  JSON.parse(readFileSync(new URL(`${language}/${file}`, FOLDER), 'utf8')) as Catalogue;
const placeholders = (message: Message) => {
  const texts = typeof message === 'string' ? [message] : Object.values(message);
  return [...new Set(texts.flatMap((text) => text.match(/\{\w+\}/g) ?? []))].sort();
};

test('both languages have the same files', () => {
  expect(readdirSync(new URL('fa/', FOLDER))).toEqual(AREAS);
});

describe.each(AREAS)('%s', (file) => {
  const [fa, en] = [read('fa', file), read('en', file)];

  test('has the same keys in both languages', () => {
    expect(Object.keys(fa)).toEqual(Object.keys(en));
  });

  test('has the same placeholders in both languages', () => {
    for (const [key, message] of Object.entries(en)) {
      expect([key, placeholders(fa[key] ?? '')]).toEqual([key, placeholders(message)]);
    }
  });

  test('has every plural form that its language asks for', () => {
    for (const [language, catalogue] of Object.entries({ fa, en })) {
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const message of Object.values(catalogue)) {
        if (typeof message !== 'string') expect(Object.keys(message).sort()).toEqual([...forms].sort());
      }
    }
  });
});

test('no key stands in two areas', () => {
  const keys = AREAS.flatMap((file) => Object.keys(read('en', file)));
  expect(new Set(keys).size).toBe(keys.length);
});

describe('messages', () => {
  const [fa, en] = [new Formats('fa'), new Formats('en')];

  test('choose the plural by count, and write numbers in the digits of the language', () => {
    const message = { one: '{count} job', other: '{count} jobs' };
    expect(fill(message, { count: 1 }, en)).toBe('1 job');
    expect(fill(message, { count: 12 }, en)).toBe('12 jobs');
    expect(fill('{count} کار', { count: 12 }, fa)).toBe('۱۲ کار');
  });

  test('leave a placeholder without a value as it is', () => {
    expect(fill('{a} {b}', { a: 'x' }, en)).toBe('x {b}');
  });
});

describe('formats', () => {
  const [fa, en] = [new Formats('fa'), new Formats('en')];

  test('dates are Jalali in Persian', () => {
    expect(fa.date('2026-03-21T12:00:00Z')).toContain('فروردین');
    expect(fa.date('2026-03-21T12:00:00Z')).toContain('۱۴۰۵');
    expect(en.date('2026-03-21T12:00:00Z')).toBe('21 March 2026');
  });

  test.each([
    [0.0449, '45ms'],
    [0.84, '840ms'],
    [75, '1m 15s'],
    [3600, '1h'],
    [7 * 3600 + 59 * 60, '7h 59m'],
    [90_061, '1d 1h'],
    [86_400 + 60, '1d'],
  ])('%d s is %s', (seconds, text) => {
    expect(en.duration(seconds)).toBe(text);
  });

  test('a duration in Persian', () => {
    expect(fa.duration(3720)).toBe('۱ ساعت و ۲ دقیقه');
  });

  test.each([
    [999, '999 bytes'],
    [1000, '1 kB'],
    [2_345_678, '2.3 MB'],
    [999_999_999_999_999, '1,000 TB'],
  ])('%d bytes are %s', (size, text) => {
    expect(en.bytes(size)).toBe(text);
  });

  test.each([
    [0.87314, '0.8731'],
    [0, '0'],
    [3.21e-5, '\u20663.21e-5\u2069'],
    [-2e9, '\u2066-2e9\u2069'],
  ])('%d is told as %s', (value, text) => {
    expect(en.significant(value)).toBe(text);
  });

  test('numbers are read in every script that people type', () => {
    expect(readNumber('۱۲٫۵')).toBe(12.5);
    expect(readNumber('١٢')).toBe(12);
    expect(readNumber(' 1e-5 ')).toBe(1e-5);
    expect(readNumber('−3')).toBe(-3);
    expect(readNumber(fa.significant(3.2e-5))).toBe(3.2e-5);
    expect(readNumber('')).toBeNaN();
    expect(readNumber('x')).toBeNaN();
  });

  test('what is written is read back', () => {
    for (const value of [0, 1, 0.25, 1234567.5, 0.001]) {
      for (const formats of [fa, en]) {
        expect(readNumber(formats.number(value, { maximumFractionDigits: 6 }))).toBe(value);
      }
    }
  });
});
