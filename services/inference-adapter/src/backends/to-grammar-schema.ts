import { resolveReference, toReferencePath } from "#anthropic/schema-reference.js";
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
/** In characters, about. Where references are written out, a short schema can become one without an end. */
const longestSchema = 500_000;
const shortestSchema = 16;

/**
 * The schema as a grammar can hold a model to it: it allows all that the original allows, with its properties in
 * their order. One that would become too long allows anything.
 */
export function toGrammarSchema(schema: unknown): Schema {
  const room = new Room();
  const converted = convert(schema, { root: schema, room }, 0);
  return room.isUsedUp ? anything : converted;
}

class Room {
  private left = longestSchema;

  get isUsedUp(): boolean {
    return this.left < 0;
  }

  take(characters: number): void {
    this.left -= characters;
  }
}

interface Context {
  root: unknown;
  room: Room;
}

function convert(schema: unknown, context: Context, depth: number): Schema {
  context.room.take(shortestSchema);
  if (!isSchema(schema) || depth > deepest || context.room.isUsedUp) return anything;
  const inner = (other: unknown): Schema => convert(other, context, depth + 1);
  return { ...toForm(schema, context, inner), ...toDefinitions(schema, context.room, inner) };
}

type Convert = (schema: unknown) => Schema;

function toForm(schema: Schema, context: Context, inner: Convert): Schema {
  const { $ref, enum: values, anyOf, oneOf, allOf, properties } = schema;
  const { room } = context;
  if (typeof $ref === "string") {
    room.take($ref.length);
    return toReference($ref);
  }
  if ("const" in schema) return isShort(schema["const"], room) ? { const: schema["const"] } : anything;
  if (Array.isArray(values))
    return values.length > 0 && values.every((value) => isShort(value, room)) ? { enum: values } : anything;
  if (Array.isArray(allOf) && allOf.length > 0) return inner(mergeAll(schema, allOf, context));
  const options = anyOf ?? oneOf;
  if (!isSchema(properties) && Array.isArray(options) && options.length > 0)
    return { anyOf: options.map((option) => inner(withOuterType(option, schema))) };
  return toTyped(schema, room, inner);
}

/** llama.cpp takes the names between the slashes as they stand: one that has a slash itself it does not find. */
function toReference($ref: string): Schema {
  if (!$ref.startsWith("#/")) return { $ref };
  const path = toReferencePath($ref);
  return path.some((name) => name.includes("/")) ? anything : { $ref: ["#", ...path].join("/") };
}

/** In `{"type": "string", "anyOf": [{"maxLength": 3}, …]}` the type stands outside. */
function withOuterType(option: unknown, { type }: Schema): unknown {
  return isSchema(option) && type !== undefined && toTypes(option).length === 0
    ? { type, ...option }
    : option;
}

function toTyped(schema: Schema, room: Room, inner: Convert): Schema {
  const types = toTypes(schema);
  if (types.length === 0) return anything;
  if (types.length > 1) return { anyOf: types.map((type) => toOneType(type, schema, room, inner)) };
  return toOneType(types[0] ?? "", schema, room, inner);
}

/** The types that are named, or the one that the other members speak of. */
function toTypes(schema: Schema): string[] {
  const { type } = schema;
  const named = (Array.isArray(type) ? type : [type]).filter((name) => typeof name === "string");
  if (named.length > 0) return [...new Set(named)];
  if (isSchema(schema["properties"]) || schema["additionalProperties"] !== undefined) return ["object"];
  if (schema["items"] !== undefined || schema["prefixItems"] !== undefined) return ["array"];
  if (schema["pattern"] !== undefined || typeof schema["format"] === "string") return ["string"];
  return [];
}

function toOneType(type: string, schema: Schema, room: Room, inner: Convert): Schema {
  room.take(shortestSchema);
  switch (type) {
    case "object":
      return toObject(schema, room, inner);
    case "array":
      return toArray(schema, inner);
    case "string":
      return toText(schema, room);
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

function toObject(schema: Schema, room: Room, inner: Convert): Schema {
  const { properties, additionalProperties, patternProperties } = schema;
  const required = Array.isArray(schema["required"]) ? takeNames(schema["required"], room) : undefined;
  const named = isSchema(properties) ? properties : {};
  const stated = patternProperties === undefined ? additionalProperties : true;
  const added = toUnnamed(required ?? [], named, stated);
  // Where no property is named none is kept out.
  const others = isSchema(properties) ? stated : (stated ?? true);
  if (!isSchema(properties) && others === true && added.length === 0) return { type: "object" };
  const known = Object.entries(named).filter(([, value]) => value !== false);
  return {
    type: "object",
    properties: toNamed([...known, ...added], room, inner),
    ...(required ? { required } : {}),
    ...(others === undefined
      ? {}
      : { additionalProperties: typeof others === "boolean" ? others : inner(others) }),
  };
}

/** Required properties that are not named: a grammar holds a model only to those that are. */
function toUnnamed(required: string[], named: Schema, others: unknown): [string, unknown][] {
  if (others === false) return [];
  const names = new Set(required.filter((name) => !Object.hasOwn(named, name)));
  return [...names].map((name) => [name, others ?? true]);
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

function toText(schema: Schema, room: Room): Schema {
  const { pattern, format } = schema;
  const isReadable = typeof pattern === "string" && pattern.length <= longestValue;
  const safe = isReadable ? toGrammarPattern(pattern) : undefined;
  if (safe !== undefined) {
    room.take(safe.length);
    return { type: "string", pattern: safe };
  }
  if (typeof format === "string" && formats.test(format)) return { type: "string", format };
  return { type: "string", ...pick(schema, ["minLength", "maxLength"], isRepetition) };
}

/** One schema with the properties of all; of what is no object the first part stands for the rest. */
function mergeAll(schema: Schema, parts: unknown[], context: Context): unknown {
  const { allOf: _all, $defs: _defs, definitions: _definitions, ...own } = schema;
  const [first, ...others] = parts;
  // A reference that stands so only to be described, as pydantic writes it, stays one: it may lead back here.
  if (others.length === 0 && isReference(first) && restrictions.every((name) => own[name] === undefined))
    return first;
  const resolved = new Set(parts.map((part) => resolve(part, context)));
  const schemas = [own, ...resolved].filter(isSchema);
  const objects = schemas.filter(({ properties }) => isSchema(properties));
  if (objects.length === 0) return schemas.find((part) => toTypes(part).length > 0 || "enum" in part) ?? {};
  const required = new Set(schemas.flatMap((part) => takeNames(part["required"], context.room)));
  const properties: Schema = {};
  for (const part of objects) {
    if (context.room.isUsedUp) break;
    takeNames(Object.keys(part["properties"] as Schema), context.room);
    Object.assign(properties, part["properties"]);
  }
  return { ...own, type: "object", properties, required: [...required] };
}

/** What a grammar reads of a schema beside `allOf`, but for a type, which the reference has too. */
const restrictions = [
  "enum",
  "const",
  "anyOf",
  "oneOf",
  "properties",
  "required",
  "additionalProperties",
  "patternProperties",
  "items",
  "prefixItems",
  "pattern",
  "format",
];

const isReference = (schema: unknown): schema is { $ref: string } =>
  isSchema(schema) && typeof schema["$ref"] === "string";

function resolve(schema: unknown, { root, room }: Context): unknown {
  room.take(shortestSchema);
  if (!isReference(schema)) return schema;
  room.take(schema.$ref.length);
  if (room.isUsedUp) return undefined;
  return resolveReference(schema.$ref, root);
}

/** Where references lead. */
function toDefinitions(schema: Schema, room: Room, inner: Convert): Schema {
  const kept = ["$defs", "definitions"].flatMap((name) => {
    const definitions = schema[name];
    return isSchema(definitions) ? [[name, toNamed(Object.entries(definitions), room, inner)]] : [];
  });
  return Object.fromEntries(kept) as Schema;
}

function toNamed(schemas: [string, unknown][], room: Room, inner: Convert): Schema {
  takeNames(
    schemas.map(([name]) => name),
    room,
  );
  return Object.fromEntries(schemas.map(([name, schema]) => [name, inner(schema)]));
}

/** The names of a list that there is room for. */
function takeNames(list: unknown, room: Room): string[] {
  const names: string[] = [];
  for (const name of Array.isArray(list) ? (list as unknown[]) : []) {
    if (room.isUsedUp) break;
    if (typeof name !== "string") continue;
    room.take(name.length);
    names.push(name);
  }
  return names;
}

function pick(schema: Schema, names: string[], fits: (value: unknown) => boolean): Schema {
  return Object.fromEntries(names.filter((name) => fits(schema[name])).map((name) => [name, schema[name]]));
}

/** References may lead to one long value over and over. */
const lengths = new WeakMap<object, number>();

function lengthOf(value: unknown): number {
  if (typeof value === "string" && value.length > longestValue) return value.length;
  if (typeof value !== "object" || value === null) return JSON.stringify(value).length;
  const length = lengths.get(value) ?? JSON.stringify(value).length;
  lengths.set(value, length);
  return length;
}

function isShort(value: unknown, room: Room): boolean {
  if (room.isUsedUp) return false;
  const length = lengthOf(value);
  room.take(Math.min(length, longestValue));
  return length <= longestValue;
}

const isInteger = (value: unknown): boolean => Number.isSafeInteger(value);
const isRepetition = (value: unknown): boolean =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= mostRepetitions;

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
