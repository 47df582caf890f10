/** A number as it was written: `1.0` is another value than `1` to who asks whether it is a whole number. */
export class ExactNumber {
  constructor(readonly source: string) {}
}

const STRING_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Begins what stands for a number while JSON is read; no text that people write begins with it. */
const MARK = '\ue000';

/** Reads JSON and keeps whole numbers that are written as `1.0` apart from those written as `1`. */
export function readExact(text: string): unknown {
  const marked = text.replace(STRING_OR_NUMBER, (found) => {
    const isWrittenOut = !found.startsWith('"') && /[.eE]/.test(found) && Number.isInteger(Number(found));
    return isWrittenOut ? `"${MARK}${found}"` : found;
  });
  return JSON.parse(marked, (_key, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) ? new ExactNumber(value.slice(MARK.length)) : value,
  );
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
