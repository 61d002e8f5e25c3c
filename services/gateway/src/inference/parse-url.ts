/** @throws Error */
export function parseUrl(text: string): URL {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new Error("must be an http:// or https:// URL");
  return new URL(text);
}
