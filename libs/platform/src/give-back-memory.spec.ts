import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import { giveBackMemory } from "./give-back-memory.js";

const heapMb = () => process.memoryUsage().heapUsed / 1e6;

/** Some 40 MB that have outlived what V8 collects often. */
async function burst(): Promise<void> {
  const held = [];
  for (let round = 0; round < 40; round++) {
    held.push(Array.from({ length: 20_000 }, (_, index) => ({ round, index })));
    await sleep(1);
  }
}

it("gives back what a burst leaves when it has rested, and each time", async () => {
  giveBackMemory({ afterStartMs: 1, restMs: 500 });
  await sleep(200);
  const before = heapMb();
  for (let turn = 0; turn < 2; turn++) {
    await burst();
    expect(heapMb() - before).toBeGreaterThan(20);
    await vi.waitFor(() => expect(heapMb() - before).toBeLessThan(10), { timeout: 6000, interval: 200 });
  }
});
