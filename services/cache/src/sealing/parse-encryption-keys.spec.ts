import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { parseEncryptionKeys } from "./parse-encryption-keys.js";

const key = Buffer.from("fb".repeat(32), "hex");

describe("parseEncryptionKeys", () => {
  it.each([
    ["hex", key.toString("hex")],
    ["hex in capitals", key.toString("hex").toUpperCase()],
    ["base64", key.toString("base64")],
    ["base64 without its end", key.toString("base64").replace("=", "")],
    ["base64 for URLs", key.toString("base64url")],
  ])("reads %s", (_name, text) => expect(parseEncryptionKeys(text)).toEqual([key]));

  it("reads several in their order", () => {
    const other = randomBytes(32);
    expect(parseEncryptionKeys(`${other.toString("base64")} , ${key.toString("hex")}`)).toEqual([other, key]);
  });

  it.each(["", " "])("reads %j as none", (text) => expect(parseEncryptionKeys(text)).toEqual([]));

  it.each(["hunter2", "ab".repeat(31), randomBytes(33).toString("base64"), `${key.toString("hex")},`])(
    "refuses %s without repeating it",
    (text) => {
      expect(() => parseEncryptionKeys(text)).toThrow("must be 32-byte keys");
      expect(() => parseEncryptionKeys(text)).not.toThrow(text);
    },
  );
});
