import { clientTools } from "#anthropic/client-tools.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { isStringArray, type MemberRule, type Schema, siftProperties, siftSchema } from "../sift-schema.js";
import type { Tool } from "#anthropic/messages.js";
import type { OllamaTool } from "./ollama-wire.js";

/** A request is put to the model several times: for counting, to see which way it goes, for each try. */
const known = new WeakMap<Tool, OllamaTool>();

export function toOllamaTools(request: CanonicalRequest): OllamaTool[] {
  return clientTools(request).map((tool) => {
    const converted = known.get(tool) ?? toOllamaTool(tool);
    known.set(tool, converted);
    return converted;
  });
}

function toOllamaTool({ name, description, input_schema }: Tool): OllamaTool {
  const parameters = toParameters(input_schema ?? {});
  return { type: "function", function: { name, description: description ?? "", parameters } };
}

/** Ollama reads some members of a schema into fixed types and answers 400 where they are anything else. */
function toParameters(schema: Schema): Schema {
  return {
    ...schema,
    type: typeof schema["type"] === "string" ? schema["type"] : "object",
    properties: siftProperties(schema["properties"], (property) => siftSchema(property, toMember)),
    required: Array.isArray(schema["required"])
      ? schema["required"].filter((name) => typeof name === "string")
      : [],
  };
}

/** The member as Ollama can read it (`api.ToolProperty`). */
const toMember: MemberRule = (name, value, sift) => {
  switch (name) {
    case "type":
      return typeof value === "string" || isStringArray(value) ? value : undefined;
    case "description":
      return typeof value === "string" ? value : undefined;
    case "enum":
      return Array.isArray(value) ? value : undefined;
    case "anyOf":
      return Array.isArray(value) ? value.map(sift) : undefined;
    case "properties":
      return siftProperties(value, sift);
    default:
      return value;
  }
};
