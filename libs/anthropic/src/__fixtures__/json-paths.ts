export type Path = (string | number)[];

/** The paths of all values inside a JSON value, the value's own (empty) path first. */
export function* jsonPaths(value: unknown, path: Path = []): Generator<Path> {
  yield path;
  if (Array.isArray(value))
    for (const [index, item] of (value as unknown[]).entries()) yield* jsonPaths(item, [...path, index]);
  else if (typeof value === "object" && value !== null)
    for (const [key, member] of Object.entries(value)) yield* jsonPaths(member, [...path, key]);
}

export function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>((inner, key) => (inner as Record<string | number, unknown>)[key], value);
}

/** A copy of the value with another value at the path. What lies beside the path is shared. */
export function replaceAt(value: unknown, [key, ...rest]: Path, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  const inner = replaceAt(valueAt(value, [key]), rest, replacement);
  if (Array.isArray(value)) return value.with(key as number, inner);
  return Object.fromEntries(Object.entries(value as object).map(([name, member]) => [name, name === key ? inner : member]));
}

/** Freezes the value and all in it, so that whoever writes to it throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}
