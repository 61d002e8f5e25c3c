import { clientTools } from "#anthropic/client-tools.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { OllamaTool } from "./ollama-wire.js";

type Schema = Record<string, unknown>;

export function toOllamaTools(request: CanonicalRequest): OllamaTool[] {
  return clientTools(request).map(({ name, description, input_schema }) => ({
    type: "function",
    function: { name, description: description ?? "", parameters: toParameters(input_schema ?? {}) },
  }));
}

/** Ollama reads some members of a schema into fixed types and answers 400 where they are anything else. */
function toParameters(schema: Schema): Schema {
  return {
    ...schema,
    type: typeof schema["type"] === "string" ? schema["type"] : "object",
    properties: toProperties(schema["properties"]),
    required: Array.isArray(schema["required"])
      ? schema["required"].filter((name) => typeof name === "string")
      : [],
  };
}

const toProperties = (properties: unknown): Schema =>
  Object.fromEntries(
    Object.entries(isSchema(properties) ? properties : {}).map(([name, schema]) => [
      name,
      toProperty(schema),
    ]),
  );

function toProperty(schema: unknown): Schema {
  if (!isSchema(schema)) return {};
  const members = Object.entries(schema).map(([name, value]) => [name, toMember(name, value)]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined)) as Schema;
}

/** The member as Ollama can read it (`api.ToolProperty`); undefined leaves it out. */
function toMember(name: string, value: unknown): unknown {
  switch (name) {
    case "type":
      return typeof value === "string" || isStringArray(value) ? value : undefined;
    case "description":
      return typeof value === "string" ? value : undefined;
    case "enum":
      return Array.isArray(value) ? value : undefined;
    case "anyOf":
      return Array.isArray(value) ? value.map(toProperty) : undefined;
    case "properties":
      return toProperties(value);
    default:
      return value;
  }
}

const isStringArray = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
