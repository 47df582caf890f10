import type { Formats } from './formats';

/** A text, or one for each plural form that the language has, chosen by the value of `count`. */
export type Message = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Catalogue = Record<string, Message>;
export type Values = Record<string, string | number>;

/** Fills a message in: `{name}` by its value; numbers in the language's own digits. */
export function fill(message: Message, values: Values, formats: Formats): string {
  const text = typeof message === 'string' ? message : pick(message, values, formats);
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === 'number' ? formats.number(value) : value;
  });
}

function pick(forms: Exclude<Message, string>, values: Values, formats: Formats): string {
  const form = formats.plural(Number(values.count ?? 0));
  return forms[form] ?? forms.other ?? '';
}
