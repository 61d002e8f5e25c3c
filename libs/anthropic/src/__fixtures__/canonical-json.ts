import { deepestNesting, nestedTooDeeply } from "../check-nesting.js";

/**
 * What `hashCanonicalJson` hashes: JSON with the keys of every object sorted, so that equal values are equal texts.
 * Undefined members are left out.
 */
export function canonicalJson(value: unknown, depth = 0): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value) ?? "null";
  if (depth > deepestNesting) throw nestedTooDeeply();
  if (Array.isArray(value)) {
    let json = "[";
    for (let index = 0; index < value.length; index++)
      json += (index === 0 ? "" : ",") + canonicalJson(value[index], depth + 1);
    return `${json}]`;
  }
  const object = value as Record<string, unknown>;
  let json = "";
  for (const key of Object.keys(object).sort()) {
    const member = object[key];
    if (member === undefined) continue;
    json += `${json === "" ? "" : ","}${JSON.stringify(key)}:${canonicalJson(member, depth + 1)}`;
  }
  return `{${json}}`;
}
