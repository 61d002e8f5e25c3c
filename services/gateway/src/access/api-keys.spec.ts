import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError } from "#platform/load-config.js";
import { createLogger } from "#platform/logging.js";
import { GatewayConfig } from "../gateway.config.js";
import { ApiKeys } from "./api-keys.js";

const entry = (name: string) => `${name}:${createHash("sha256").update(`key-of-${name}`).digest("hex")}`;
const keyOf = (name: string) => ({ "x-api-key": `key-of-${name}` });

let folder: string;
let file: string;
let keys: ApiKeys | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "llm-selfhost-keys-"));
  file = join(folder, "keys");
});
afterEach(() => {
  keys?.onApplicationShutdown();
  rmSync(folder, { recursive: true });
});

function open(config: Partial<GatewayConfig>): ApiKeys {
  const whole = Object.assign(new GatewayConfig(), { LOG_LEVEL: "silent", ...config });
  keys = new ApiKeys(whole, createLogger("gateway", whole));
  return keys;
}

describe("ApiKeys", () => {
  it("lets everybody in where there are no keys, as nobody in particular", () => {
    expect(open({}).findTenant({})).toBe("-");
    expect(open({}).findTenant({ "x-api-key": "anything" })).toBe("-");
    expect(open({}).hasValidKey({ "x-api-key": "anything" })).toBe(false);
  });

  it("knows the keys of the environment and of the file", () => {
    writeFileSync(file, `# the team\n${entry("bob")}\n\n  ${entry("carol")}\r\n`);
    const both = open({ API_KEYS: entry("alice"), API_KEYS_FILE: file });
    for (const name of ["alice", "bob", "carol"]) expect(both.findTenant(keyOf(name))).toBe(name);
    expect(() => both.findTenant({})).toThrow("required");
    expect(both.hasValidKey(keyOf("dave"))).toBe(false);
  });

  it("lets nobody in by a file without keys", () => {
    writeFileSync(file, "# nobody yet\n");
    expect(() => open({ API_KEYS_FILE: file }).findTenant({ "x-api-key": "anything" })).toThrow("invalid");
  });

  it("reads a changed file again, and keeps the last keys while it is broken", async () => {
    writeFileSync(file, entry("alice"));
    const changing = open({ API_KEYS_FILE: file });
    writeFileSync(file, `${entry("bob")}\n`);
    await expect.poll(() => changing.hasValidKey(keyOf("bob")), { timeout: 15_000 }).toBe(true);
    expect(changing.hasValidKey(keyOf("alice"))).toBe(false);
    writeFileSync(file, "a key in the clear\n");
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(changing.hasValidKey(keyOf("bob"))).toBe(true);
    writeFileSync(file, `${entry("carol")}\n# mended\n`);
    await expect.poll(() => changing.hasValidKey(keyOf("carol")), { timeout: 15_000 }).toBe(true);
  });

  it("waits until a file that is being written holds still, and keeps its keys while there is none", async () => {
    writeFileSync(file, entry("alice"));
    const changing = open({ API_KEYS_FILE: file });
    const endsAt = Date.now() + 3500;
    for (let turn = 0; Date.now() < endsAt; turn++) {
      writeFileSync(file, turn % 2 ? `# ${turn}\n` : `${entry("bob")}\n# ${turn}\n`);
      expect(changing.hasValidKey(keyOf("alice"))).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    rmSync(file);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(changing.hasValidKey(keyOf("alice"))).toBe(true);
    writeFileSync(file, entry("carol"));
    await expect.poll(() => changing.hasValidKey(keyOf("carol")), { timeout: 15_000 }).toBe(true);
    expect(changing.hasValidKey(keyOf("alice"))).toBe(false);
  });

  it("has a secret of the keys, wherever they stand", () => {
    writeFileSync(file, entry("alice"));
    const none = open({}).secret;
    const [environment, inFile] = [
      open({ API_KEYS: entry("bob") }).secret,
      open({ API_KEYS_FILE: file }).secret,
    ];
    expect(new Set([none, environment, inFile]).size).toBe(3);
  });

  it("refuses to start with a file that is missing or broken, without naming what stands in it", () => {
    expect(() => open({ API_KEYS_FILE: file })).toThrow(ConfigError);
    writeFileSync(file, "sk-secret");
    expect(() => open({ API_KEYS_FILE: file })).toThrow(/^API_KEYS_FILE must be a list of name:sha256/);
  });
});
