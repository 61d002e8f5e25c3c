import { resolveReference } from "#anthropic/schema-reference.js";
import { isJsonObject } from "./mend-json.js";

export type Schema = Record<string, unknown>;

/** One type that a value may have, and the schema that says so. */
export interface FlatSchema {
  type: string;
  schema: Schema;
}

const mostOptions = 64;
/** How many schemas are looked at for one; each is looked into once. */
const mostLooks = 512;

/** By root, then by schema: an answer may hold many values of one schema. */
const flattened = new WeakMap<Schema, WeakMap<Schema, FlatSchema[]>>();

/**
 * All types that a schema allows, through `$ref`, `anyOf`, `oneOf`, `allOf` and lists of types, in the order
 * in which they are named. Empty where it says nothing.
 */
export function flattenSchema(schema: Schema, root: Schema): FlatSchema[] {
  const ofRoot = flattened.get(root) ?? new WeakMap<Schema, FlatSchema[]>();
  flattened.set(root, ofRoot);
  const options = ofRoot.get(schema) ?? findOptions(schema, root);
  ofRoot.set(schema, options);
  return options;
}

function findOptions(schema: Schema, root: Schema): FlatSchema[] {
  const walk = new Walk(root);
  walk.visit(schema);
  return walk.options.slice(0, mostOptions);
}

class Walk {
  readonly options: FlatSchema[] = [];
  private readonly seen = new Set<Schema>();
  private looks = 0;

  constructor(private readonly root: Schema) {}

  visit(schema: Schema): void {
    this.looks += 1;
    if (this.isOver || this.seen.has(schema)) return;
    this.seen.add(schema);
    if (typeof schema.$ref === "string") {
      const target = resolveReference(schema.$ref, this.root);
      if (isJsonObject(target)) this.visit(target);
      return;
    }
    for (const type of ownTypes(schema)) this.options.push({ type, schema });
    for (const list of [schema.anyOf, schema.oneOf, schema.allOf]) {
      if (!Array.isArray(list)) continue;
      for (const branch of list as unknown[]) {
        if (this.isOver) return;
        if (isJsonObject(branch)) this.visit(branch);
      }
    }
  }

  private get isOver(): boolean {
    return this.looks > mostLooks || this.options.length >= mostOptions;
  }
}

function ownTypes(schema: Schema): string[] {
  if (Array.isArray(schema.enum) || "const" in schema) return ["enum"];
  const named: unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type];
  const types = named.filter((type) => typeof type === "string");
  if (types.length > 0) return [...new Set(types)];
  if (isJsonObject(schema.properties)) return ["object"];
  return isJsonObject(schema.items) ? ["array"] : [];
}
