import { isJsonObject, mendJson, parseStrictly, type JsonValue } from "./mend-json.js";
import { flattenSchema, type FlatSchema, type Schema } from "./flatten-schema.js";

// What a tool's schema says of a value that a model wrote as text. A value that does not fit stays as it is:
// the client judges it and tells the model. Where the schema allows text, text that could be something else
// too becomes that only where nothing is lost by it.

/** The input with every value in the type that the tool's `input_schema` gives it. */
export function coerceInput(
  input: Record<string, unknown>,
  schema: Schema | undefined,
): Record<string, unknown> {
  const flat = flattenSchema(schema ?? {}, schema ?? {});
  const [object] = flat.filter(({ type }) => type === "object");
  return object ? coerceMembers(input, object, schema ?? {}) : input;
}

export function coerceToSchema(value: unknown, schema: Schema, root: Schema = schema): unknown {
  const options = flattenSchema(schema, root);
  return typeof value === "string" ? coerceText(value, options, root) : coerceInside(value, options, root);
}

function coerceInside(value: unknown, options: FlatSchema[], root: Schema): unknown {
  if (Array.isArray(value)) {
    const list = options.find(({ type }) => type === "array");
    return list ? coerceItems(value, list, root) : value;
  }
  if (!isJsonObject(value)) return value;
  const objects = options.filter(({ type }) => type === "object");
  const object = objects.find(({ schema }) => hasRequired(value, schema)) ?? objects[0];
  return object ? coerceMembers(value, object, root) : value;
}

/** Whether all properties that the schema requires are there. */
export function hasRequired(input: object, schema: Schema | undefined): boolean {
  return !schema || requiredOf(schema).every((name) => Object.hasOwn(input, name));
}

const requiredOf = once((schema) => [
  ...new Set(
    Array.isArray(schema.required) ? schema.required.filter((name) => typeof name === "string") : [],
  ),
]);

function coerceMembers(
  input: Record<string, unknown>,
  { schema }: FlatSchema,
  root: Schema,
): Record<string, unknown> {
  const properties = isJsonObject(schema.properties) ? schema.properties : {};
  const others = isJsonObject(schema.additionalProperties) ? schema.additionalProperties : {};
  const members = Object.entries(input).map(([name, value]): [string, unknown] => {
    const own = Object.hasOwn(properties, name) ? properties[name] : others;
    return [name, isJsonObject(own) ? coerceToSchema(value, own, root) : value];
  });
  return Object.fromEntries(members);
}

function coerceItems(items: unknown[], { schema }: FlatSchema, root: Schema): unknown[] {
  const { items: itemSchema } = schema;
  return isJsonObject(itemSchema) ? items.map((item) => coerceToSchema(item, itemSchema, root)) : items;
}

/** The most particular type that the text fits goes first, as in Ollama's parser. */
const precedence = ["enum", "null", "boolean", "integer", "number", "array", "object"] as const;
type Particular = (typeof precedence)[number];

function coerceText(text: string, options: FlatSchema[], root: Schema): unknown {
  const mayBeText = options.some(({ type }) => type === "string");
  if (options.some(({ type, schema }) => type === "enum" && enumOf(schema).texts.has(text))) return text;
  for (const type of precedence)
    for (const option of toRead(type, options)) {
      const value = readers[type](text.trim(), option.schema);
      if (value === undefined || (mayBeText && !isSameText(type, value, text))) continue;
      return coerceInside(value, options, root);
    }
  return text;
}

/** Only an enum reads a text in a way of its own. */
function toRead(type: Particular, options: FlatSchema[]): FlatSchema[] {
  const ofType = options.filter((candidate) => candidate.type === type);
  return type === "enum" ? ofType : ofType.slice(0, 1);
}

const readers: Record<Particular, (text: string, schema: Schema) => JsonValue | undefined> = {
  enum: (text, schema) => enumOf(schema).byText.get(text),
  null: (text) => (/^(?:null|none)$/i.test(text) ? null : undefined),
  boolean: (text) => (/^(?:true|false)$/i.test(text) ? text.toLowerCase() === "true" : undefined),
  integer: (text) => (/^[+-]?\d+(?:\.0*)?$/.test(text) ? exactNumber(text) : undefined),
  number: (text) =>
    /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? exactNumber(text) : undefined,
  array: (text) => readJson(text, "[", Array.isArray),
  object: (text) => readJson(text, "{", isJsonObject),
};

/** Integers beyond what a number holds stay text rather than become another integer. */
function exactNumber(text: string): number | undefined {
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) && /^[+-]?\d+$/.test(text)
    ? undefined
    : value;
}

function readJson(text: string, start: string, fits: (value: unknown) => boolean): JsonValue | undefined {
  if (!text.startsWith(start)) return undefined;
  const value = mendJson(text);
  return fits(value) ? value : undefined;
}

/** Where text is allowed too: `42` and `true` are the same as a number or boolean, `007` and `['a']` are not. */
const isSameText = (type: Particular, value: JsonValue, text: string): boolean =>
  type === "array" || type === "object"
    ? parseStrictly(text) !== undefined
    : JSON.stringify(value) === text.trim() || value === text.trim();

const enumOf = once((schema) => {
  const values = Array.isArray(schema.enum) ? schema.enum : "const" in schema ? [schema.const] : [];
  const plain = (values as JsonValue[]).filter((value) => value === null || typeof value !== "object");
  return {
    texts: new Set(plain.filter((value) => typeof value === "string")),
    /** Of values that read the same the first one counts. */
    byText: new Map(plain.map((value): [string, JsonValue] => [String(value), value]).toReversed()),
  };
});

/** Long lists are read once, whatever number of values there are of the schema. */
function once<Result>(read: (schema: Schema) => Result): (schema: Schema) => Result {
  const known = new WeakMap<Schema, { result: Result }>();
  return (schema) => {
    const { result } = known.get(schema) ?? { result: read(schema) };
    known.set(schema, { result });
    return result;
  };
}
