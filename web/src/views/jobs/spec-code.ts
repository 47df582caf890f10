import type { JobKind } from '../../api/types';
import { ExactNumber, writeExact } from './exact-json';

export type Plain = Record<string, unknown>;

/** The part of the API's description that says which values are a field's own. */
export interface Schemas {
  [name: string]: { properties?: Record<string, Schema> } | undefined;
}
interface Schema {
  $ref?: string;
  default?: unknown;
  anyOf?: Schema[];
  allOf?: Schema[];
  oneOf?: Schema[];
}

const SPECS: Record<JobKind, string> = {
  tune: 'TuneSpec',
  prune: 'PruneSpec',
  quantize: 'QuantizeSpec',
  compare: 'CompareSpec',
  compress: 'CompressSpec',
};
/** The fields that a call takes by place, in their order. */
const PLACES: Record<JobKind, readonly string[]> = {
  tune: ['baseModelPath', 'datasetPath'],
  prune: ['modelPath', 'outputPath'],
  quantize: ['modelPath', 'outputPath'],
  compare: ['modelPaths', 'datasetPath'],
  compress: ['modelPath', 'datasetPath', 'outputPath'],
};
/** What a call names otherwise than the spec does. */
const KEYWORDS: Record<string, string> = { outputDir: 'output', datasetPath: 'data', data: 'data_options' };

/** Returns a spec without what it would be by itself, so that what somebody chose can be seen. */
export function withoutDefaults(kind: JobKind, spec: Plain, schemas: Schemas): Plain {
  const slim = slimDown(spec, SPECS[kind], schemas);
  delete slim['kind'];
  return slim;
}

function slimDown(value: Plain, name: string, schemas: Schemas): Plain {
  const properties = schemas[name]?.properties ?? {};
  const kept: Plain = {};
  for (const [field, item] of Object.entries(value)) {
    const schema = properties[field];
    const inner = schema && referred(schema);
    const slim = inner && isPlain(item) ? slimDown(item, inner, schemas) : item;
    const isOwn = schema && 'default' in schema && (same(item, schema.default) || isEmptied(slim, item, schema));
    if (!isOwn) kept[field] = slim;
  }
  return kept;
}

/** A record whose fields are all at their defaults is what `{}` stands for. */
function isEmptied(slim: unknown, item: unknown, schema: Schema): boolean {
  return isPlain(schema.default) && isPlain(slim) && Object.keys(slim).length === 0 && slim !== item;
}

function referred(schema: Schema): string | undefined {
  const choices = [schema, ...(schema.anyOf ?? []), ...(schema.allOf ?? []), ...(schema.oneOf ?? [])];
  return choices
    .find(({ $ref }) => $ref)
    ?.$ref?.split('/')
    .pop();
}

function same(a: unknown, b: unknown): boolean {
  return comparable(a) === comparable(b);
}

function comparable(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (item instanceof ExactNumber) return Number(item.source);
    return isPlain(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item;
  });
}

function isPlain(value: unknown): value is Plain {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}

/** The call of Python that asks for the same. */
export function asPython(kind: JobKind, spec: Plain): string {
  const rest = { ...spec };
  const lines: string[] = [];
  let byPlace = true;
  for (const field of PLACES[kind]) {
    const value = rest[field];
    delete rest[field];
    if (value === undefined || value === '') byPlace = false;
    else if (byPlace) lines.push(python(value));
    else lines.push(`${KEYWORDS[field] ?? snake(field)}=${python(value)}`);
  }
  const isFlat = kind === 'prune' || kind === 'quantize';
  const config = isFlat && isPlain(rest['config']) ? rest['config'] : {};
  if (isFlat) delete rest['config'];
  const named = { ...config, ...rest };
  for (const [field, value] of Object.entries(named)) {
    const written = kind === 'tune' && field === 'objectives' ? objectives(value) : python(value);
    lines.push(`${KEYWORDS[field] ?? snake(field)}=${written}`);
  }
  return `import persopt\n\nreport = persopt.${kind}(\n${lines.map((line) => `    ${line},\n`).join('')})\n`;
}

/* `tune` takes them as `Objective`s, or by name where the direction goes without saying; a list of Structs is exact. */
function objectives(value: unknown): string {
  if (!Array.isArray(value)) return python(value);
  const items = value.map((item: { metric?: string; direction?: string }) => {
    const direction = item.direction ?? 'maximize';
    return `persopt.Objective(${python(item.metric ?? '')}, ${python(direction)})`;
  });
  return `[${items.join(', ')}]`;
}

/** The command that asks for the same; the spec comes by standard input. */
export function asCommand(kind: JobKind, spec: Plain): string {
  return `persopt ${kind} --spec - <<'JSON'\n${writeExact(spec)}\nJSON\n`;
}

/** The request that asks for the same. */
export function asCurl(kind: JobKind, spec: Plain, address: string, needsToken: boolean): string {
  const token = needsToken ? `  -H "Authorization: Bearer $PERSOPT_TOKEN" \\\n` : '';
  const path = kind === 'tune' ? '/jobs' : `/${kind}`;
  return `curl ${quote(address + path)} \\\n  -H 'Content-Type: application/json' \\\n${token}  --data-binary @- <<'JSON'\n${writeExact(spec)}\nJSON\n`;
}

function quote(text: string): string {
  return /^[\w:/.\-[\]]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

export function snake(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => `_${letters.toLowerCase()}`);
}

/** A value as Python writes it; long ones over several lines. */
export function python(value: unknown, indent = '    '): string {
  if (value === null || value === undefined) return 'None';
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value instanceof ExactNumber) return value.source;
  if (typeof value !== 'object') return JSON.stringify(value);
  const isList = Array.isArray(value);
  const deeper = `${indent}    `;
  const write = (inside: string) =>
    isList
      ? value.map((item) => python(item, inside))
      : Object.entries(value).map(([name, item]) => `${JSON.stringify(name)}: ${python(item, inside)}`);
  const [open, close] = isList ? ['[', ']'] : ['{', '}'];
  const short = `${open}${write(indent).join(', ')}${close}`;
  if (short.length <= 88 - indent.length && !short.includes('\n')) return short;
  return `${open}\n${write(deeper)
    .map((item) => `${deeper}${item},\n`)
    .join('')}${indent}${close}`;
}
