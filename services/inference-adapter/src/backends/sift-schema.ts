export type Schema = Record<string, unknown>;

/** A member's value as a server can read it; undefined leaves the member out. `sift` goes on with schemas inside of it. */
export type MemberRule = (name: string, value: unknown, sift: (schema: unknown) => Schema) => unknown;

/** A JSON schema without the members that a server cannot read; what is no schema at all allows everything. */
export function siftSchema(schema: unknown, rule: MemberRule): Schema {
  if (!isSchema(schema)) return {};
  const sift = (inner: unknown) => siftSchema(inner, rule);
  const members = Object.entries(schema).map(([name, value]) => [name, rule(name, value, sift)]);
  return Object.fromEntries(members.filter(([, value]) => value !== undefined)) as Schema;
}

/** Schemas by name, such as `properties`. */
export function siftProperties(properties: unknown, sift: (schema: unknown) => Schema): Schema {
  const schemas = Object.entries(isSchema(properties) ? properties : {});
  return Object.fromEntries(schemas.map(([name, schema]) => [name, sift(schema)]));
}

export const isStringArray = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

function isSchema(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
