import { expect, it, vi } from "vitest";
import { RecentPrefixes } from "./recent-prefixes.js";
import type { PromptPrefix } from "./to-prefix-requests.js";

const prefix = (bytes: number): PromptPrefix => ({ system: [{ type: "text", text: "x".repeat(bytes) }] });

it("the longest of those seen lately, each model its own", () => {
  const recent = new RecentPrefixes();
  const [short, long] = [prefix(5000), prefix(9000)];
  expect(recent.note("m", "short", () => short)).toBe(true);
  expect(recent.note("m", "long", () => long)).toBe(true);
  expect(recent.note("m", "other", () => prefix(6000))).toBe(false);
  expect(recent.longest("m")).toBe(long);
  expect(recent.longest("n")).toBeUndefined();
  recent.note("n", "short", () => short);
  expect(recent.all()).toEqual([
    ["n", short],
    ["m", long],
  ]);
});

it("one that is not used any more is forgotten", () => {
  const recent = new RecentPrefixes();
  recent.note("m", "old", () => prefix(9000));
  for (let index = 0; index < 4; index++) recent.note("m", `new ${index}`, () => prefix(5000 + index));
  expect(recent.longest("m")).toEqual(prefix(5003));
});

it("one that is used stays, and is not read again", () => {
  const recent = new RecentPrefixes();
  const read = vi.fn(() => prefix(9000));
  for (let index = 0; index < 8; index++) {
    recent.note("m", "used", read);
    recent.note("m", `other ${index}`, () => prefix(5000));
  }
  expect(recent.longest("m")).toEqual(prefix(9000));
  expect(read).toHaveBeenCalledOnce();
});

it("short ones are not worth it", () => {
  const recent = new RecentPrefixes();
  expect(recent.note("m", "title", () => prefix(2000))).toBe(false);
  expect(recent.all()).toEqual([]);
});
