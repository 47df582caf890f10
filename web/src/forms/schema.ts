/** Reads the JSON Schema of a plugin's options into the fields of a form. */
export type Scalar = string | number | boolean;
export type OptionValue = Scalar | null | readonly Scalar[];

export interface NumberRule {
  /** Lowest and highest value that is accepted. */
  min?: number | undefined;
  max?: number | undefined;
  /** Lowest and highest, themselves not accepted. */
  above?: number | undefined;
  below?: number | undefined;
  integer?: boolean | undefined;
  required?: boolean | undefined;
}

export type FieldKind = 'number' | 'boolean' | 'choice' | 'choices' | 'text' | 'texts';

export interface FieldPlan {
  name: string;
  kind: FieldKind;
  rule: NumberRule;
  choices: readonly Scalar[];
  /** Null is accepted, and stands for what the plugin finds best. */
  nullable: boolean;
  required: boolean;
  initial: OptionValue | undefined;
  title: string;
  description: string;
  /** The same in other languages, where the plugin gives them. */
  titles: Record<string, string>;
  descriptions: Record<string, string>;
}

export interface Schema {
  type?: string | readonly string[];
  enum?: readonly unknown[];
  const?: unknown;
  anyOf?: readonly Schema[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  default?: unknown;
  title?: string;
  description?: string;
  titles?: Record<string, string>;
  descriptions?: Record<string, string>;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  $ref?: string;
  $defs?: Record<string, Schema>;
}

/** Returns the fields of an object's schema in their order; what no field can show (objects in objects) is left out. */
export function readSchema(schema: Schema): FieldPlan[] {
  const root = resolve(schema, schema);
  const required = new Set(root.required ?? []);
  return Object.entries(root.properties ?? {})
    .map(([name, property]) => readField(name, property, required.has(name), schema))
    .filter((plan) => plan !== null);
}

function readField(name: string, property: Schema, required: boolean, root: Schema): FieldPlan | null {
  const own = resolve(property, root);
  const variants = (own.anyOf ?? [own]).map((variant) => resolve(variant, root));
  const real = variants.filter((variant) => !typesOf(variant).includes('null') || typesOf(variant).length > 1);
  const [first] = real;
  if (!first) return null;
  const types = new Set(real.flatMap(typesOf));
  const kind = kindOf(first, types, root);
  if (kind === null) return null;
  const source = kind === 'choices' ? resolve(first.items ?? {}, root) : first;
  return {
    name,
    kind,
    rule: {
      min: first.minimum,
      max: first.maximum,
      above: first.exclusiveMinimum,
      below: first.exclusiveMaximum,
      integer: types.has('integer') && !types.has('number'),
    },
    choices: choicesOf(source),
    nullable: variants.some((variant) => typesOf(variant).includes('null')),
    required,
    initial: own.default as OptionValue | undefined,
    title: own.title ?? name,
    description: own.description ?? '',
    titles: own.titles ?? {},
    descriptions: own.descriptions ?? {},
  };
}

function kindOf(schema: Schema, types: ReadonlySet<string>, root: Schema): FieldKind | null {
  if (choicesOf(schema).length > 0) return 'choice';
  if (types.has('array')) {
    const items = resolve(schema.items ?? {}, root);
    if (choicesOf(items).length > 0) return 'choices';
    return typesOf(items).includes('string') ? 'texts' : null;
  }
  if (types.has('number') || types.has('integer')) return 'number';
  if (types.has('boolean')) return 'boolean';
  return types.has('string') ? 'text' : null;
}

function choicesOf(schema: Schema): Scalar[] {
  const values = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  return values.filter((value): value is Scalar => value !== null && typeof value !== 'object');
}

function typesOf(schema: Schema): readonly string[] {
  if (schema.type === undefined) return [];
  return typeof schema.type === 'string' ? [schema.type] : schema.type;
}

/* Plugins' schemas name their parts by `#/$defs/NAME`. */
function resolve(schema: Schema, root: Schema): Schema {
  if (schema.$ref === undefined) return schema;
  const name = schema.$ref.split('/').pop() ?? '';
  return { ...(root.$defs?.[name] ?? {}), ...schema };
}
