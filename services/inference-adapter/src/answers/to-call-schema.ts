import type { Tool } from "#anthropic/messages.js";

type Schema = Record<string, unknown>;

/**
 * The JSON schema of one call of one of these tools: `{"name": …, "arguments": {…}}`, as models know it. A tool's
 * schema with references in it stands under `$defs`, with its references led there.
 */
export function toCallSchema(tools: Tool[]): Schema {
  const $defs: Schema = {};
  const calls = tools.map(({ name, input_schema }, index) => ({
    type: "object",
    properties: {
      name: { const: name },
      arguments: toArguments(input_schema, toDefinitionName(index), $defs),
    },
    required: ["name", "arguments"],
    additionalProperties: false,
  }));
  const form: Schema = calls.length === 1 ? { ...calls[0] } : { anyOf: calls };
  return Object.keys($defs).length > 0 ? { ...form, $defs } : form;
}

function toArguments(schema: Schema | undefined, name: string, $defs: Schema): Schema {
  const object = toObjectSchema(schema);
  const base = `#/$defs/${name}`;
  const led = withReferencesIn(base, object);
  if (JSON.stringify(led) === JSON.stringify(object)) return object;
  $defs[name] = led;
  return { $ref: base };
}

const toDefinitionName = (index: number): string => `tool_${index}`;

/** A tool's input is an object, whatever its schema leaves open; where no parameters are named it has none. */
function toObjectSchema({ $schema: _draft, $id: _id, ...schema }: Schema = {}): Schema {
  const { properties, additionalProperties, patternProperties, $ref, anyOf, oneOf, allOf } = schema;
  if (($ref ?? anyOf ?? oneOf ?? allOf ?? additionalProperties ?? patternProperties) !== undefined)
    return schema;
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
