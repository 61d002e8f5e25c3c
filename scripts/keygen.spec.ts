import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";

const keygen = (...args: string[]) =>
  spawnSync(process.execPath, [`${import.meta.dirname}/keygen.mjs`, ...args], { encoding: "utf8" });

describe("npm run keygen", () => {
  it("prints a key and the line that knows it", () => {
    const { stdout } = keygen("alice");
    const key = /sk-selfhost-\S+/.exec(stdout)?.[0] ?? "";
    expect(stdout).toContain(`  alice:${createHash("sha256").update(key).digest("hex")}\n`);
  });

  it.each([
    ["two words", ["alice", "bob"]],
    ["a name that no list can hold", ["a=b"]],
  ])("makes none for %s", (_name, args) => {
    const { status, stdout, stderr } = keygen(...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain("one word");
  });
});
