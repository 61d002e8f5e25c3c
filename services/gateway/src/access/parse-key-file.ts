import { type ApiKey, parseApiKeys } from "./parse-api-keys.js";

/** A file of `name:sha256-of-the-key` lines; empty ones and those that begin with `#` say nothing. @throws Error */
export function parseKeyFile(text: string): ApiKey[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return parseApiKeys(lines.filter((line) => !line.startsWith("#")).join(","));
}
