/** A text that goes over the wire in a header as it is; empty: none. @throws Error */
export function parseCredential(text: string): string {
  if (!/^[\x21-\x7e]*$/.test(text)) throw new Error("must be ASCII characters without spaces");
  return text;
}
