import { longestPattern } from "#anthropic/find-schema-fault.js";
import { Validator } from "@cfworker/json-schema";
import { Script } from "node:vm";

/** A client's pattern can take a regular expression forever. Its making cannot be broken off, so long ones are left alone. */
const longestCheckMs = 200;
const check = new Script("check()");

/**
 * What in a value does not match a JSON schema, in words for the model; undefined where all matches. A schema
 * that cannot be read, or takes too long, judges nothing.
 */
export function checkAgainstSchema(value: unknown, schema: Record<string, unknown>): string | undefined {
  try {
    return check.runInNewContext({ check: () => findFault(value, schema) }, { timeout: longestCheckMs }) as
      string | undefined;
  } catch {
    return undefined;
  }
}

function findFault(value: unknown, schema: Record<string, unknown>): string | undefined {
  if (hasLongPattern(schema)) return undefined;
  // It writes marks of its own into the schema.
  const own = structuredClone(schema);
  const { valid, errors } = new Validator(own, toDraft(own), false).validate(value);
  if (valid) return undefined;
  // The last ones are the innermost.
  const { instanceLocation = "#", error = "" } = errors.at(-1) ?? {};
  return `${instanceLocation.replace(/^#\/?/, "/")}: ${error}`;
}

function hasLongPattern(schema: unknown): boolean {
  if (typeof schema !== "object" || schema === null) return false;
  if (Array.isArray(schema)) return schema.some(hasLongPattern);
  const { pattern, patternProperties } = schema as Record<string, unknown>;
  const patterns = [pattern, ...Object.keys(patternProperties ?? {})];
  return (
    patterns.some((text) => typeof text === "string" && text.length > longestPattern) ||
    Object.values(schema).some(hasLongPattern)
  );
}

/** `items` as a list is how tuples were written until 2020. */
const toDraft = ({ $schema }: Record<string, unknown>) =>
  typeof $schema === "string" && /draft-0[4-7]/.test($schema) ? "7" : "2020-12";
