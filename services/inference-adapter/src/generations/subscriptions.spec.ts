import { expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { numbered, numbersOf } from "./__fixtures__/scripted-runs.js";
import { Generation } from "./generation.js";
import { Subscriptions } from "./subscriptions.js";

it("a subscription can be detached by its id until its events end", async () => {
  const subscriptions = new Subscriptions();
  const generation = new Generation("key", () => {});
  const subscription = generation.subscribe(new AbortController().signal);
  const events = subscriptions.read(subscription);
  expect(subscriptions.detach("another")).toBe(false);
  expect(subscriptions.detach(subscription.id)).toBe(true);
  expect(generation.clients).toBe(0);
  generation.add(numbered(0));
  generation.finish();
  expect(numbersOf(await collect(events))).toEqual([0]);
  expect(subscriptions.detach(subscription.id)).toBe(false);
});
