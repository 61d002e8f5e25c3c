import { beforeEach, describe, expect, it } from "vitest";
import { ModelSlots } from "./model-slots.js";

describe("ModelSlots", () => {
  let slots: ModelSlots;
  beforeEach(() => void (slots = new ModelSlots(60_000)));

  it("are doubtful from a generation that was broken off to the next that has a line", () => {
    expect(slots.areDoubtful).toBe(false);
    slots.noteBrokenOff();
    expect(slots.areDoubtful).toBe(true);
    slots.noteUsable();
    expect(slots.areDoubtful).toBe(false);
  });

  it("of a model whose speed is not known have patience for a slow one, and past the limit for a long prompt", () => {
    slots.noteEvaluated(499, 1);
    slots.noteEvaluated(1000, 0);
    expect(slots.patienceMs(0)).toBe(60_000);
    expect(slots.patienceMs(100)).toBe(60_000 + 20_000);
    expect(slots.patienceMs(3000)).toBeGreaterThan(600_000);
    slots.noteAbandoned(100);
    expect(slots.patienceMs(100)).toBe(60_000 + 40_000);
  });

  it("of a model that is slower still have the patience that it needs", () => {
    slots.noteEvaluated(1000, 1000);
    expect(slots.patienceMs(100)).toBe(60_000 + 300_000);
  });

  it("have patience for three times the slowest evaluation", () => {
    slots.noteEvaluated(10_000, 10);
    slots.noteEvaluated(60_000, 0.5); // nearly all of it was in the cache
    expect(slots.patienceMs(0)).toBe(60_000);
    expect(slots.patienceMs(20_000)).toBe(60_000 + 60_000);
  });

  it("also for prompts that are read though nobody waits for them any more", () => {
    slots.noteEvaluated(1000, 1);
    slots.noteAbandoned(5000);
    slots.noteAbandoned(5000);
    expect(slots.patienceMs(10_000)).toBe(60_000 + 60_000);
    slots.noteUsable();
    expect(slots.patienceMs(10_000)).toBe(60_000 + 30_000);
  });
});
