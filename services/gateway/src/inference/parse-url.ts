/** @throws Error */
export function parseUrl(text: string): URL {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text))
    throw new Error("must be an http:// or https:// URL");
  const url = new URL(text);
  if (!isEncoded(url.username) || !isEncoded(url.password))
    throw new Error("must have a % in its user or password written as %25");
  return url;
}

function isEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
