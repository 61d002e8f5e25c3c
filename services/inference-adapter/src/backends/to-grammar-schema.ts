import { toGrammarPattern } from "./to-grammar-pattern.js";

// llama.cpp makes a grammar of a JSON schema, in Ollama too. What it does not know it refuses, reads as something
// else, or dies of: `(?` at the start of a pattern ends the whole Ollama server (measured on 0.17.4). So it gets
// only what it is known to read rightly; what is left out here is checked in the answer.
// https://github.com/ggml-org/llama.cpp/blob/master/common/json-schema-to-grammar.cpp

type Schema = Record<string, unknown>;

const anything: Schema = { type: ["string", "number", "boolean", "null", "array", "object"] };
const deepest = 64;
/** Repetitions are written out one by one. */
const mostRepetitions = 1000;
const longestValue = 4096;
const formats = /^(date|time|date-time|uuid[1-5]?)$/;

/** The schema as a grammar can hold a model to it: it allows all that the original allows, with its properties in their order. */
export function toGrammarSchema(schema: unknown): Schema {
  return convert(schema, schema, 0);
}

function convert(schema: unknown, root: unknown, depth: number): Schema {
  if (!isSchema(schema) || depth > deepest) return anything;
  const inner = (other: unknown): Schema => convert(other, root, depth + 1);
  return { ...toForm(schema, root, inner), ...toDefinitions(schema, inner) };
}

type Convert = (schema: unknown) => Schema;

function toForm(schema: Schema, root: unknown, inner: Convert): Schema {
  const { $ref, enum: values, anyOf, oneOf, allOf, properties } = schema;
  if (typeof $ref === "string") return { $ref };
  if ("const" in schema) return isShort(schema["const"]) ? { const: schema["const"] } : anything;
  if (Array.isArray(values)) return values.length > 0 && values.every(isShort) ? { enum: values } : anything;
  if (Array.isArray(allOf) && allOf.length > 0) return inner(mergeAll(schema, allOf, root));
  const options = anyOf ?? oneOf;
  if (!isSchema(properties) && Array.isArray(options) && options.length > 0)
    return { anyOf: options.map((option) => inner(withOuterType(option, schema))) };
  return toTyped(schema, inner);
}

/** In `{"type": "string", "anyOf": [{"maxLength": 3}, …]}` the type stands outside. */
function withOuterType(option: unknown, { type }: Schema): unknown {
  return isSchema(option) && type !== undefined && toTypes(option).length === 0
    ? { type, ...option }
    : option;
}

function toTyped(schema: Schema, inner: Convert): Schema {
  const types = toTypes(schema);
  if (types.length === 0) return anything;
  if (types.length > 1) return { anyOf: types.map((type) => toOneType(type, schema, inner)) };
  return toOneType(types[0] ?? "", schema, inner);
}

/** The types that are named, or the one that the other members speak of. */
function toTypes(schema: Schema): string[] {
  const { type } = schema;
  const named = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === "string");
  if (named.length > 0) return named;
  if (isSchema(schema["properties"]) || schema["additionalProperties"] !== undefined) return ["object"];
  if (schema["items"] !== undefined || schema["prefixItems"] !== undefined) return ["array"];
  if (schema["pattern"] !== undefined || typeof schema["format"] === "string") return ["string"];
  return [];
}

function toOneType(type: string, schema: Schema, inner: Convert): Schema {
  switch (type) {
    case "object":
      return toObject(schema, inner);
    case "array":
      return toArray(schema, inner);
    case "string":
      return toText(schema);
    case "integer":
      return {
        type,
        ...pick(schema, ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"], isInteger),
      };
    case "number":
    case "boolean":
    case "null":
      return { type };
    default:
      return anything;
  }
}

function toObject(schema: Schema, inner: Convert): Schema {
  const { properties, required, additionalProperties, patternProperties } = schema;
  const others = patternProperties === undefined ? additionalProperties : true;
  if (!isSchema(properties) && (others === undefined || others === true)) return { type: "object" };
  const known = Object.entries(isSchema(properties) ? properties : {}).filter(([, value]) => value !== false);
  return {
    type: "object",
    properties: Object.fromEntries(known.map(([name, value]) => [name, inner(value)])),
    ...(Array.isArray(required) ? { required: required.filter((name) => typeof name === "string") } : {}),
    ...(others === undefined
      ? {}
      : { additionalProperties: typeof others === "boolean" ? others : inner(others) }),
  };
}

function toArray(schema: Schema, inner: Convert): Schema {
  const { items, prefixItems } = schema;
  const tuple = Array.isArray(items) ? items : prefixItems;
  if (Array.isArray(tuple)) return { type: "array", prefixItems: tuple.map(inner) };
  return {
    type: "array",
    items: inner(items ?? true),
    ...pick(schema, ["minItems", "maxItems"], isRepetition),
  };
}

function toText(schema: Schema): Schema {
  const { pattern, format } = schema;
  const safe = typeof pattern === "string" ? toGrammarPattern(pattern) : undefined;
  if (safe !== undefined) return { type: "string", pattern: safe };
  if (typeof format === "string" && formats.test(format)) return { type: "string", format };
  return { type: "string", ...pick(schema, ["minLength", "maxLength"], isRepetition) };
}

/** One schema with the properties of all; of what is no object the first part stands for the rest. */
function mergeAll({ allOf: _all, ...own }: Schema, parts: unknown[], root: unknown): unknown {
  const schemas = [own, ...parts.map((part) => resolve(part, root))].filter(isSchema);
  const objects = schemas.filter(({ properties }) => isSchema(properties));
  if (objects.length === 0)
    return schemas.find((schema) => toTypes(schema).length > 0 || "enum" in schema) ?? {};
  const merged: Schema = {};
  for (const { properties } of objects) Object.assign(merged, properties);
  return {
    ...own,
    type: "object",
    properties: merged,
    required: schemas.flatMap(({ required }) => (Array.isArray(required) ? (required as unknown[]) : [])),
  };
}

function resolve(schema: unknown, root: unknown): unknown {
  if (!isSchema(schema) || typeof schema["$ref"] !== "string") return schema;
  return schema["$ref"]
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce<unknown>(
      (found, name) => (typeof found === "object" && found !== null ? (found as Schema)[name] : undefined),
      root,
    );
}

/** Where references lead. */
function toDefinitions(schema: Schema, inner: Convert): Schema {
  const kept = ["$defs", "definitions"].flatMap((name) => {
    const definitions = schema[name];
    if (!isSchema(definitions)) return [];
    return [
      [name, Object.fromEntries(Object.entries(definitions).map(([key, value]) => [key, inner(value)]))],
    ];
  });
  return Object.fromEntries(kept) as Schema;
}

function pick(schema: Schema, names: string[], fits: (value: unknown) => boolean): Schema {
  return Object.fromEntries(names.filter((name) => fits(schema[name])).map((name) => [name, schema[name]]));
}

const isShort = (value: unknown): boolean => JSON.stringify(value).length <= longestValue;
const isInteger = (value: unknown): boolean => Number.isSafeInteger(value);
const isRepetition = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= mostRepetitions;

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
