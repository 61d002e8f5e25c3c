type Schema = Record<string, unknown>;

/**
 * A tool's schema as these servers read it: for an object, and without what a JSON schema may hold but their grammar
 * builders refuse with the whole request (llama.cpp: "schema must be an object"). What they can't read is left out.
 */
export function toParameters(schema: Schema = {}): Schema {
  return { ...toSchema(schema), type: "object", properties: toProperties(schema["properties"]) };
}

function toSchema(schema: unknown): Schema {
  if (!isSchema(schema)) return {};
  const members = Object.entries(schema).map(([name, value]) => [name, toMember(name, value)]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined)) as Schema;
}

/** Undefined leaves the member out. */
function toMember(name: string, value: unknown): unknown {
  switch (name) {
    case "type":
      return typeof value === "string" || isStringArray(value) ? value : undefined;
    case "description":
      return typeof value === "string" ? value : undefined;
    case "required":
      return isStringArray(value) ? value : undefined;
    case "enum":
      return Array.isArray(value) && value.length > 0 ? value : undefined;
    case "anyOf":
    case "oneOf":
    case "allOf":
      return Array.isArray(value) && value.length > 0 ? value.map(toSchema) : undefined;
    case "properties":
    case "$defs":
    case "definitions":
      return toProperties(value);
    case "items":
      return toSchema(value);
    default:
      return value;
  }
}

const toProperties = (properties: unknown): Schema =>
  Object.fromEntries(
    Object.entries(isSchema(properties) ? properties : {}).map(([name, schema]) => [name, toSchema(schema)]),
  );

const isStringArray = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
