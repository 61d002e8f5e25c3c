import type { Tool } from "#anthropic/messages.js";

type Schema = Record<string, unknown>;

/**
 * The JSON schema of one call of one of these tools: `{"name": …, "arguments": {…}}`, as models know it. The
 * tools' own schemas stand under `$defs`, with their references led there.
 */
export function toCallSchema(tools: Tool[]): Schema {
  const definitions = tools.map((tool, index) => [
    toDefinitionName(index),
    withReferencesIn(`#/$defs/${toDefinitionName(index)}`, toObjectSchema(tool.input_schema)),
  ]);
  const calls = tools.map(({ name }, index) => ({
    type: "object",
    properties: { name: { const: name }, arguments: { $ref: `#/$defs/${toDefinitionName(index)}` } },
    required: ["name", "arguments"],
    additionalProperties: false,
  }));
  const $defs = Object.fromEntries(definitions) as Schema;
  return calls.length === 1 ? { ...calls[0], $defs } : { anyOf: calls, $defs };
}

const toDefinitionName = (index: number): string => `tool_${index}`;

/** A tool's input is an object, whatever its schema says or leaves open. */
function toObjectSchema({ $schema: _draft, $id: _id, ...schema }: Schema = {}): Schema {
  const { type, properties, $ref, anyOf, oneOf, allOf } = schema;
  if (type === "object" || ($ref ?? anyOf ?? oneOf ?? allOf) !== undefined) return schema;
  return { ...schema, type: "object", properties: isSchema(properties) ? properties : {} };
}

/** Members that hold values, not schemas. */
const values = new Set(["const", "enum", "default", "examples"]);

function withReferencesIn(base: string, schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map((item) => withReferencesIn(base, item));
  if (!isSchema(schema)) return schema;
  const members = Object.entries(schema).map(([name, value]) => {
    if (name === "$ref" && typeof value === "string" && value.startsWith("#"))
      return [name, `${base}${value.slice(1)}`];
    return [name, values.has(name) ? value : withReferencesIn(base, value)];
  });
  return Object.fromEntries(members) as Schema;
}

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
