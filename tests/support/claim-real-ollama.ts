import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { unloadAll } from "../../services/inference-adapter/src/tokens/__fixtures__/real-ollama.js";

/**
 * For suites that cut answers: Ollama may keep the slot of one for good (ADR 8). Whoever comes next waits until the
 * backend has the model unloaded, and fails; asked again it goes on.
 */
export const slotsMayGetLost = { timeout: 120_000, retry: 2 };
export const clocksForLostSlots = {
  firstEventTimeoutMs: 30_000,
  idleTimeoutMs: 60_000,
  probeIntervalMs: 5000,
};

/** Whoever listens there has the real Ollama; however he ends, the kernel gives it back. */
const port = 21434;

/**
 * Waits until no other suite uses the real Ollama: suites look at which models are loaded, and each would load
 * the other's away. It is handed over without a model: what a suite before has left in a runner, evaluations of
 * clients that have gone included, would meet the next one.
 * @returns lets the next one have it
 */
export async function claimRealOllama(): Promise<() => Promise<void>> {
  for (;;) {
    const claim = createServer((socket) => socket.destroy()).unref();
    claim.listen(port, "127.0.0.1");
    try {
      await once(claim, "listening");
      await unloadAll();
      return async () => {
        claim.close();
        await once(claim, "close");
      };
    } catch (error) {
      claim.close();
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      await sleep(200);
    }
  }
}
