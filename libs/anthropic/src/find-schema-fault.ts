import { resolveReference } from "./schema-reference.js";

/** What is wrong with a JSON schema, and where: `.properties.a.type`. */
export interface SchemaFault {
  path: string;
  message: string;
}

type Schema = Record<string, unknown>;

/** The schema that a part is of, and how many characters its further patterns may have. */
interface Whole {
  root: unknown;
  patternRoom: number;
}

const types = ["string", "number", "integer", "boolean", "null", "object", "array"];
const deepest = 64;
const namedSchemas = ["properties", "patternProperties", "$defs", "definitions", "dependentSchemas"];
const listedSchemas = ["anyOf", "oneOf", "allOf", "prefixItems"];
const singleSchemas = ["additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"];
const numbers = ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"];
const lengths = ["minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"];

/** Whether a schema means anything: undefined where it does. Unknown members are no fault. */
export function findSchemaFault(schema: unknown): SchemaFault | undefined {
  return inSchema(schema, "", { root: schema, patternRoom: mostPatternCharacters }, 0);
}

function inSchema(schema: unknown, path: string, whole: Whole, depth: number): SchemaFault | undefined {
  if (typeof schema === "boolean") return undefined;
  if (!isObject(schema)) return { path, message: "Input should be a JSON schema" };
  if (depth > deepest) return { path, message: `Input is nested deeper than ${deepest} schemas` };
  return inMembers(schema, path, whole) ?? inInnerSchemas(schema, path, whole, depth + 1);
}

function inMembers(schema: Schema, path: string, whole: Whole): SchemaFault | undefined {
  for (const name of [schema["type"]].flat())
    if (name !== undefined && !(typeof name === "string" && types.includes(name)))
      return { path: `${path}.type`, message: `Input should be one of ${types.join(", ")}` };
  for (const name of numbers)
    if (schema[name] !== undefined && typeof schema[name] !== "number")
      return { path: `${path}.${name}`, message: "Input should be a number" };
  for (const name of lengths)
    if (schema[name] !== undefined && !(Number.isInteger(schema[name]) && (schema[name] as number) >= 0))
      return { path: `${path}.${name}`, message: "Input should be a whole number that is not negative" };
  const { enum: values, required, pattern, $ref: reference } = schema;
  if (values !== undefined && !(Array.isArray(values) && values.length > 0))
    return { path: `${path}.enum`, message: "Input should be a list with at least one value" };
  if (required !== undefined && !(Array.isArray(required) && required.every(isText)))
    return { path: `${path}.required`, message: "Input should be a list of strings" };
  if (pattern !== undefined && !isPattern(pattern, whole))
    return { path: `${path}.pattern`, message: badPattern };
  if (reference !== undefined && !resolves(reference, whole.root))
    return { path: `${path}.$ref`, message: "Input should lead to a place inside this schema" };
  return undefined;
}

function inInnerSchemas(schema: Schema, path: string, whole: Whole, depth: number): SchemaFault | undefined {
  for (const name of namedSchemas) {
    const schemas = schema[name];
    if (schemas === undefined) continue;
    if (!isObject(schemas)) return { path: `${path}.${name}`, message: "Input should be an object" };
    for (const [key, inner] of Object.entries(schemas)) {
      if (name === "patternProperties" && !isPattern(key, whole))
        return { path: `${path}.${name}`, message: `${badPattern}, not ${key.slice(0, shownOfPattern)}` };
      const fault = inSchema(inner, `${path}.${name}.${key}`, whole, depth);
      if (fault) return fault;
    }
  }
  for (const name of [...listedSchemas, "items"]) {
    const schemas = schema[name];
    if (schemas === undefined || (name === "items" && !Array.isArray(schemas))) continue;
    if (!Array.isArray(schemas) || schemas.length === 0)
      return { path: `${path}.${name}`, message: "Input should be a list with at least one schema" };
    for (const [index, inner] of schemas.entries()) {
      const fault = inSchema(inner, `${path}.${name}.${index}`, whole, depth);
      if (fault) return fault;
    }
  }
  for (const name of [...singleSchemas, "items"]) {
    if (schema[name] === undefined || Array.isArray(schema[name])) continue;
    const fault = inSchema(schema[name], `${path}.${name}`, whole, depth);
    if (fault) return fault;
  }
  return undefined;
}

/** `#`, `#/…` to a schema, or `#name` to an anchor, which is not followed. Other documents are not read. */
function resolves(reference: unknown, root: unknown): boolean {
  if (typeof reference !== "string" || !reference.startsWith("#")) return false;
  if (!reference.startsWith("#/")) return true;
  const found = resolveReference(reference, root);
  return typeof found === "boolean" || isObject(found);
}

/** Making one ready cannot be broken off, and of a long one it takes minutes. */
export const longestPattern = 2000;
/** Of all patterns together: some thousand characters take ten milliseconds. */
const mostPatternCharacters = 65_536;
const badPattern = `Input should be a regular expression of at most ${longestPattern} characters (${mostPatternCharacters} in all)`;
const shownOfPattern = 40;

function isPattern(pattern: unknown, whole: Whole): boolean {
  if (typeof pattern !== "string" || pattern.length > longestPattern) return false;
  whole.patternRoom -= pattern.length;
  if (whole.patternRoom < 0) return false;
  // Each of these in a pattern takes as long as a thousand other characters to read: once is enough.
  const plain = pattern.replaceAll(/\\(?:p\{[^{}]*\}|[^])/giu, (escape) =>
    /^\\p\{/i.test(escape) && isCharacterClass(escape) ? String.raw`\d` : escape,
  );
  return isRegularExpression(plain);
}

const characterClasses = new Set<string>();
const mostCharacterClasses = 1000;

function isCharacterClass(escape: string): boolean {
  if (characterClasses.has(escape)) return true;
  if (!isRegularExpression(escape)) return false;
  if (characterClasses.size < mostCharacterClasses) characterClasses.add(escape);
  return true;
}

function isRegularExpression(text: string): boolean {
  try {
    return new RegExp(text, "u") instanceof RegExp;
  } catch {
    return false;
  }
}

const isText = (value: unknown): value is string => typeof value === "string";

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
