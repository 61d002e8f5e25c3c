/** What a reference `#` or `#/…` leads to in its schema; undefined: nothing, or what is in another document. */
export function resolveReference(reference: string, root: unknown): unknown {
  if (reference !== "#" && !reference.startsWith("#/")) return undefined;
  let found = root;
  for (const name of toReferencePath(reference)) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = (found as Record<string, unknown>)[name];
  }
  return found;
}

/**
 * The names that a reference of the form `#/…` leads through. It is part of a URI, so characters of a name may be
 * percent-encoded: https://www.rfc-editor.org/rfc/rfc6901#section-6
 */
export function toReferencePath(reference: string): string[] {
  return reference
    .split("/")
    .slice(1)
    .map((part) => decodePercents(part).replaceAll("~1", "/").replaceAll("~0", "~"));
}

function decodePercents(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
