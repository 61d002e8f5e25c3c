import { parseEnv } from "node:util";

/** The variables of a `.env` file. @throws Error where it is no text in UTF-8; with its mark or without */
export function parseEnvFile(bytes: Uint8Array): NodeJS.Dict<string> {
  // UTF-16 has a NUL in every letter of a name.
  if (bytes.includes(0)) throw new Error(".env must be a text in UTF-8, not in UTF-16 or with NUL bytes");
  return parseEnv(new TextDecoder().decode(bytes));
}
