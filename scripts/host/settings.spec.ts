import fc from "fast-check";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { parseEnvFile } from "#platform/parse-env-file.js";
// @ts-expect-error a script without types
import { readEnvFile } from "./settings.mjs";

const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-env-"));
afterAll(() => rmSync(folder, { recursive: true }));

const pieces = [
  "A",
  "KEY_1",
  "export ",
  "=",
  "'",
  '"',
  "`",
  "#",
  " ",
  "\t",
  "\n",
  "\r\n",
  "\\",
  "é",
  "\0",
  "\ufeff",
];

function tryTo(read: () => unknown) {
  try {
    return { ...(read() as object) };
  } catch (error) {
    return (error as Error).message;
  }
}

it("reads .env as the services do", () => {
  const path = join(folder, ".env");
  const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 14 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(texts, (text) => {
      writeFileSync(path, text);
      expect(tryTo(() => readEnvFile(path))).toEqual(tryTo(() => parseEnvFile(Buffer.from(text))));
    }),
    { numRuns: 2000 },
  );
});
