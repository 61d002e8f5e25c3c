import { setTimeout as delay } from "node:timers/promises";

/** Tries until `work` does not throw, and returns what it returns. @throws Error its last one, after `limitMs` */
export async function waitFor(work, limitMs, intervalMs = 250) {
  const endsAt = Date.now() + limitMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > endsAt) throw error;
    }
    await delay(intervalMs);
  }
}
