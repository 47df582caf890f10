/** What a person has filled in, kept by the browser for each tab, so that a reload or another tab loses nothing. */
const PREFIX = 'persopt.draft.';

/** Returns the draft of a form: what was kept, over what it begins with. */
export function readDraft<D extends object>(name: string, initial: D): D {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(PREFIX + name) ?? 'null');
    return typeof kept === 'object' && kept !== null ? merge(initial, kept) : initial;
  } catch {
    return initial; // storage is forbidden, or holds what another version wrote
  }
}

export function keepDraft(name: string, draft: object): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(draft));
  } catch {
    return;
  }
}

/** Takes over the known fields only, and only where their kind is the same; null and a number or text may be either. */
export function merge<D extends object>(initial: D, kept: object): D {
  const known = Object.entries(initial).map(([name, value]: [string, unknown]) => {
    const found = (kept as Record<string, unknown>)[name];
    const fits = found !== undefined && (found === null || value === null || typeof found === typeof value);
    return [name, fits ? found : value] as const;
  });
  return Object.fromEntries(known) as D;
}

/** Cuts a typed list at commas, Persian ones too. */
export function splitList(text: string): string[] {
  return text
    .split(/[,،\n]/)
    .map((part) => part.trim())
    .filter(Boolean);
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
