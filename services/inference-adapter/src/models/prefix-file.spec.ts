import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readPrefixFile, writePrefixFile } from "./prefix-file.js";

const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-prefixes-"));
const path = join(folder, "prefixes.json");
afterAll(() => rmSync(folder, { recursive: true }));

it("comes back as it was written, and only its owner reads it", async () => {
  const system = [{ type: "text" as const, text: "Be brief." }];
  await writePrefixFile(path, [["tiny", { system }]]);
  await writePrefixFile(path, [["tiny:latest", { system }]]);
  expect(await readPrefixFile(path)).toEqual([["tiny:latest", { system }]]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(["prefixes.json"]);
});

it("is empty where there is none", async () =>
  expect(await readPrefixFile(join(folder, "none"))).toEqual([]));

it.each([
  "",
  "{",
  "[]",
  "null",
  '{"version":2,"prefixes":{}}',
  '{"version":1,"prefixes":{"m":{"system":5}}}',
])("is refused where it holds something else: %s", async (content) => {
  writeFileSync(join(folder, "bad"), content);
  await expect(readPrefixFile(join(folder, "bad"))).rejects.toThrow();
});
