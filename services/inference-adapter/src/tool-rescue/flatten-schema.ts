import { isJsonObject } from "./mend-json.js";

export type Schema = Record<string, unknown>;

/** One type that a value may have, and the schema that says so. */
export interface FlatSchema {
  type: string;
  schema: Schema;
}

/** Deeper unions and longer chains of references are not followed. */
const deepest = 8;
const mostOptions = 64;

/**
 * All types that a schema allows, through `$ref`, `anyOf`, `oneOf`, `allOf` and lists of types, in the order
 * in which they are named. Empty where it says nothing.
 */
export function flattenSchema(schema: Schema, root: Schema, depth = deepest): FlatSchema[] {
  if (depth === 0) return [];
  if (typeof schema.$ref === "string") {
    const target = resolveReference(schema.$ref, root);
    return target ? flattenSchema(target, root, depth - 1) : [];
  }
  const branches = [schema.anyOf, schema.oneOf, schema.allOf].flatMap((list) =>
    Array.isArray(list) ? list.filter(isJsonObject) : [],
  );
  const inner = branches.flatMap((branch) => flattenSchema(branch, root, depth - 1));
  return [...ownTypes(schema).map((type) => ({ type, schema })), ...inner].slice(0, mostOptions);
}

function ownTypes(schema: Schema): string[] {
  if (Array.isArray(schema.enum) || "const" in schema) return ["enum"];
  const named: unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type];
  const types = named.filter((type) => typeof type === "string");
  if (types.length > 0) return types;
  if (isJsonObject(schema.properties)) return ["object"];
  return isJsonObject(schema.items) ? ["array"] : [];
}

/** `#/$defs/Name` and the like; other documents are not read. */
function resolveReference(reference: string, root: Schema): Schema | undefined {
  if (!reference.startsWith("#/")) return undefined;
  let found: unknown = root;
  for (const part of reference.slice(2).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isJsonObject(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return isJsonObject(found) ? found : undefined;
}
