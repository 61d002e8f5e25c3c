import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const run = promisify(execFile);
const root = join(import.meta.dirname, "../..");
const depcruise = join(root, "node_modules/.bin/depcruise");

async function cruise(args: string[], cwd = root): Promise<{ code: number; output: string }> {
  try {
    const { stdout } = await run(depcruise, args, { cwd, maxBuffer: 64 * 1024 * 1024 });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout } = error as { code: number; stdout: string };
    return { code, output: stdout };
  }
}

it("the house keeps its boundaries", async () => {
  const [program, ...args] = manifest.scripts.boundaries.split(" ");
  expect(program).toBe("depcruise");
  const { code, output } = await cruise(args);
  expect([code, output]).toEqual([0, expect.stringContaining("no dependency violations found") as string]);
}, 120_000);

/** Each breaks one rule. The first file is the one at fault. */
const faults: [string, Record<string, string>][] = [
  [
    "a-service-never-imports-another",
    {
      "services/gateway/src/a.ts": 'export * from "../../cache/src/b.js";',
      "services/cache/src/b.ts": "export const b = 1;",
    },
  ],
  [
    "libs-never-import-services",
    {
      "libs/platform/src/a.ts": 'export * from "../../../services/cache/src/b.js";',
      "services/cache/src/b.ts": "export const b = 1;",
    },
  ],
  [
    "anthropic-imports-nothing-of-ours",
    {
      "libs/anthropic/src/a.ts": 'export * from "../../platform/src/b.js";',
      "libs/platform/src/b.ts": "export const b = 1;",
    },
  ],
  ["pure-files-stay-pure", { "services/gateway/src/to-a.ts": 'export * from "node:http";' }],
  [
    "pure-files-stay-pure",
    { "libs/anthropic/src/parse-a.ts": 'export { Injectable } from "@nestjs/common";' },
  ],
  [
    "a-backend-never-imports-another",
    {
      "services/inference-adapter/src/backends/one/a.ts": 'export * from "../two/b.js";',
      "services/inference-adapter/src/backends/two/b.ts": "export const b = 1;",
    },
  ],
  [
    "no-cycles",
    {
      "services/gateway/src/a.ts": 'import { b } from "./b.js"; export const a = () => b;',
      "services/gateway/src/b.ts": 'import { a } from "./a.js"; export const b = () => a;',
    },
  ],
  ["no-dev-dependency-in-the-product", { "services/gateway/src/a.ts": 'export { it } from "vitest";' }],
  ["everything-resolves", { "services/gateway/src/a.ts": 'export * from "./missing.js";' }],
];

describe("the rules", () => {
  let house: string;
  beforeAll(async () => {
    house = await mkdtemp(join(tmpdir(), "llm-selfhost-house-"));
    for (const name of ["node_modules", "package.json", "tsconfig.json", ".dependency-cruiser.cjs"])
      await symlink(join(root, name), join(house, name));
  });
  afterAll(() => rm(house, { recursive: true, force: true }));

  it.each(faults)(
    "can fail: %s",
    async (rule, files) => {
      for (const [path, source] of Object.entries(files)) {
        await mkdir(dirname(join(house, path)), { recursive: true });
        await writeFile(join(house, path), source);
      }
      const args = ["--config", ".dependency-cruiser.cjs", "services", "libs"];
      await mkdir(join(house, "services"), { recursive: true });
      await mkdir(join(house, "libs"), { recursive: true });
      const { code, output } = await cruise(args, house);
      await Promise.all(["services", "libs"].map((path) => rm(join(house, path), { recursive: true })));
      expect(code).not.toBe(0);
      expect(output).toContain(`error ${rule}: ${Object.keys(files)[0]}`);
    },
    60_000,
  );
});
