/** A number as it was written: `1.0` is another value than `1` to who asks whether it is a whole number. */
export class ExactNumber {
  constructor(readonly source: string) {}
}

type Reviver = (this: unknown, key: string, value: unknown, context?: { source?: string }) => unknown;

/**
 * Reads JSON and keeps numbers such as `1.0` apart from whole ones, where the browser tells how they were written
 * (ECMAScript 2025); elsewhere they become plain numbers.
 */
export function readExact(text: string): unknown {
  const revive: Reviver = (_key, value, context) => {
    const source = context?.source;
    const isWrittenOut = typeof value === 'number' && Number.isInteger(value) && source && /[.eE]/.test(source);
    return isWrittenOut ? new ExactNumber(source) : value;
  };
  return JSON.parse(text, revive as Parameters<typeof JSON.parse>[1]);
}

/** Writes what `readExact` has read, indented. */
export function writeExact(value: unknown, indent = ''): string {
  if (value instanceof ExactNumber) return value.source;
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.length === 0) return '[]';
    if (value.every((item) => item === null || typeof item !== 'object' || item instanceof ExactNumber)) {
      return `[${value.map((item) => writeExact(item)).join(', ')}]`;
    }
    return `[\n${value.map((item) => deeper + writeExact(item, deeper)).join(',\n')}\n${indent}]`;
  }
  if (value !== null && typeof value === 'object') {
    const fields = Object.entries(value);
    if (fields.length === 0) return '{}';
    const lines = fields.map(([name, item]) => `${deeper}${JSON.stringify(name)}: ${writeExact(item, deeper)}`);
    return `{\n${lines.join(',\n')}\n${indent}}`;
  }
  return JSON.stringify(value);
}
