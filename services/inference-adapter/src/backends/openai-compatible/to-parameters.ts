import { isStringArray, type MemberRule, type Schema, siftProperties, siftSchema } from "../sift-schema.js";

/**
 * A tool's schema as these servers read it: for an object, and without what a JSON schema may hold but their grammar
 * builders refuse with the whole request (llama.cpp: "schema must be an object"). What they can't read is left out.
 */
export function toParameters(schema: Schema = {}): Schema {
  const sift = (inner: unknown) => siftSchema(inner, toMember);
  return { ...sift(schema), type: "object", properties: siftProperties(schema["properties"], sift) };
}

const toMember: MemberRule = (name, value, sift) => {
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
      return Array.isArray(value) && value.length > 0 ? value.map(sift) : undefined;
    case "properties":
    case "$defs":
    case "definitions":
      return siftProperties(value, sift);
    case "items":
      return sift(value);
    default:
      return value;
  }
};
