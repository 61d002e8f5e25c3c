import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { ApiError } from "#anthropic/errors.js";
import { Pulse } from "./pulse.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const late = new ApiError("timeout_error", "silent");

it("tells how long the oldest generation has been silent", () => {
  const pulse = new Pulse();
  expect(pulse.silentSeconds).toBe(0);
  const first = pulse.start();
  vi.advanceTimersByTime(5000);
  pulse.start();
  expect(pulse.silentSeconds).toBe(5);
  first.heard();
  expect(pulse.silentSeconds).toBe(0);
});

it("is stuck after a generation that never had an event, until one has", () => {
  const pulse = new Pulse();
  const beat = pulse.start();
  vi.advanceTimersByTime(600_000);
  beat.end(late);
  expect(pulse.stuckSeconds).toBe(600);
  const next = pulse.start();
  expect(pulse.stuckSeconds).toBe(600);
  next.heard();
  expect(pulse.stuckSeconds).toBeUndefined();
});

it("is not stuck after other endings", () => {
  const pulse = new Pulse();
  pulse.start().end();
  pulse.start().end(new ApiError("api_error", "broken"));
  const talked = pulse.start();
  talked.heard();
  talked.end(late);
  expect(pulse.stuckSeconds).toBeUndefined();
  expect(pulse.silentSeconds).toBe(0);
});
