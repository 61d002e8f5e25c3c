import { describe, expect, it } from "vitest";
import { parseStoredEntry } from "./stored-entry.js";

const entry = {
  version: 1,
  storedAt: 0,
  servedModel: "tiny:latest",
  gpuSeconds: 1,
  message: { type: "message", content: [{ type: "text", text: "Hi" }], usage: { output_tokens: 1 } },
};

describe("parseStoredEntry", () => {
  it("takes a whole entry as it is", () => expect(parseStoredEntry(entry)).toBe(entry));

  it.each<[string, object]>([
    ["another version", { version: 2 }],
    ["no date", { storedAt: "0" }],
    ["no name of a model", { servedModel: [[]] }],
    ["no content", { message: { ...entry.message, content: [] } }],
    ["a text without its text", { message: { ...entry.message, content: [{ type: "text" }] } }],
  ])("takes one with %s for none", (_name, changed) =>
    expect(parseStoredEntry({ ...entry, ...changed })).toBeUndefined(),
  );

  it.each([null, undefined, 1, "entry", []])("takes %j for none", (value) =>
    expect(parseStoredEntry(value)).toBeUndefined(),
  );
});
