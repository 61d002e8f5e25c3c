import { parseEnv } from "node:util";

/** A value without quotes that has a # in it: Node cuts it off there, docker compose and shells do not. */
const cutOff = /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=(?![ \t]*["'`])[^#\r\n]*[^#\s]#/m;
/** More than a comment behind the quote that ends a value: Node leaves it out. In quotes it knows no `\"`. */
const endsEarly = /^[ \t]*(?:export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*(["'`])(?:(?!\2)[^\r\n])*\2[ \t]*[^\s#]/m;

/** The variables of a `.env` file in UTF-8, with its mark or without. @throws Error where it cannot be read in one way only */
export function parseEnvFile(bytes: Uint8Array): NodeJS.Dict<string> {
  // UTF-16 has a NUL in every letter of a name.
  if (bytes.includes(0)) throw new Error(".env must be a text in UTF-8, not in UTF-16 or with NUL bytes");
  const text = new TextDecoder().decode(bytes);
  const [, name] = cutOff.exec(text) ?? [];
  if (name !== undefined) throw new Error(`.env: ${name} has a # in its value: put the value in quotes`);
  const [, quoted] = endsEarly.exec(text) ?? [];
  if (quoted !== undefined)
    throw new Error(`.env: ${quoted} has more behind its closing quote: take another kind of quotes`);
  return parseEnv(text);
}
