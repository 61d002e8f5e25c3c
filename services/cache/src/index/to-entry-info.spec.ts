import { describe, expect, it } from "vitest";
import { keyOf } from "../cache-under-test.contract.js";
import type { EntryFacts } from "../entries/entry-facts.js";
import { toEntryInfo } from "./to-entry-info.js";

const facts: EntryFacts = {
  tenant: "alice",
  model: "tiny",
  storedAt: 1000,
  expires: 2000,
  bytes: 1,
  inputTokens: 1,
  outputTokens: 1,
  gpuSeconds: 1,
};
const infoOf = (changed: object, lastAt?: number) =>
  toEntryInfo({ key: keyOf(1), facts: { ...facts, ...changed }, hits: { count: 0, lastAt } });

describe("toEntryInfo", () => {
  it("tells times as dates", () => {
    const [storedAt, expiresAt] = ["1970-01-01T00:00:01.000Z", "1970-01-01T00:00:02.000Z"];
    expect(infoOf({})).toMatchObject({ storedAt, expiresAt, lastHitAt: null });
    expect(infoOf({}, 8.64e15)).toMatchObject({ lastHitAt: "+275760-09-13T00:00:00.000Z" });
  });

  it.each([1e300, -1, NaN, Infinity, null, undefined, "x", {}])("shows %s as the epoch", (time) => {
    const epoch = "1970-01-01T00:00:00.000Z";
    expect(infoOf({ storedAt: time, expires: time })).toMatchObject({ storedAt: epoch, expiresAt: epoch });
  });
});
