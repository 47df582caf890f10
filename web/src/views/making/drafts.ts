import { readNumber } from '../../i18n/formats';

/** Cuts a typed list at commas, Persian ones too. */
export function splitList(text: string): string[] {
  return text
    .split(/[,،\n]/)
    .map((part) => part.trim())
    .filter(Boolean);
}

/** The numbers of a typed list, in any digits; what is none stays as it is, for the server to name. */
export function numbers(text: string): (number | string)[] {
  return splitList(text).map((part) => {
    const value = readNumber(part);
    return Number.isNaN(value) ? part : value;
  });
}

/** The name of the workspace for an absolute path of it, such as `models/bert-fa`; else the path. */
export function shortPath(path: string, names: readonly string[]): string {
  return names.find((name) => path === name || path.endsWith(`/${name}`)) ?? path;
}

/** Leaves out what is undefined, so that only what was decided is sent. */
export function compact<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** What the server's hint calls the nearest thing that can be done, as values by field; empty if it names none. */
export function readNearest(hint: string): Record<string, string> {
  const first = /^the nearest: ([^,;]*?)(?:,| or |$)/.exec(hint)?.[1] ?? '';
  return Object.fromEntries([...first.matchAll(/([a-zA-Z]\w*)=([\w-]+)/g)].map(([, name, value]) => [name, value]));
}
