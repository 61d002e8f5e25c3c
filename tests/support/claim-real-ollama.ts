import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

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
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
      await sleep(200);
    }
  }
}

async function unloadAll(): Promise<void> {
  const url = `http://${process.env["REAL_OLLAMA_HOST"]}`;
  const { models } = (await (await fetch(`${url}/api/ps`)).json()) as { models: { name: string }[] };
  for (const { name: model } of models)
    await fetch(`${url}/api/generate`, {
      method: "POST",
      body: JSON.stringify({ model, keep_alive: 0, stream: false }),
      signal: AbortSignal.timeout(10_000),
    });
}
