import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError, loadEnvFile } from "./load-config.js";

describe("loadEnvFile", () => {
  const before = { folder: process.cwd(), env: process.env };
  let folder = "";
  beforeEach(() => {
    process.env = { ...before.env, GIVEN: "here", EMPTY: "" };
    folder = mkdtempSync(join(tmpdir(), "env-file-"));
    process.chdir(folder);
  });
  afterEach(() => {
    process.chdir(before.folder);
    process.env = before.env;
    rmSync(folder, { recursive: true });
  });

  it("adds what the environment does not have, from the first line on", () => {
    writeFileSync(".env", "\ufeffFIRST=1\nGIVEN=there\nEMPTY=there\n");
    loadEnvFile();
    expect(process.env).toMatchObject({ FIRST: "1", GIVEN: "here", EMPTY: "" });
  });

  // Docker makes a folder of a file that is mounted and not there.
  it("says what cannot be read", () => {
    mkdirSync(".env");
    expect(loadEnvFile).toThrow(/^\.env cannot be read: EISDIR/);
  });

  it("does nothing where there is none", () => expect(loadEnvFile).not.toThrow());

  it("does not pass over one in UTF-16", () => {
    writeFileSync(".env", "\ufeffFIRST=1\n", "utf16le");
    expect(loadEnvFile).toThrow(ConfigError);
  });
});
