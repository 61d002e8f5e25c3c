import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../root.mjs";
import { findFreePort } from "../../tests/support/free-ports.ts";
import { waitForPort } from "./ports.mjs";

/** The scripted Ollama of the tests as a program of its own, with eight slots. */
export async function startFakeOllama(node) {
  const port = await findFreePort();
  const program = spawn(node, [join(root, "tests/support/fake-ollama/fake-ollama.ts")], {
    env: { ...process.env, PORT: String(port), HOST: "127.0.0.1", FAKE_OLLAMA_NUM_PARALLEL: "8" },
    stdio: ["ignore", "ignore", "inherit"],
  });
  await waitForPort(port);
  const url = `http://127.0.0.1:${port}`;
  return {
    host: `127.0.0.1:${port}`,
    /** For the next `times` answers. */
    script: (script, times) =>
      fetch(`${url}/__fake/script`, { method: "POST", body: JSON.stringify({ script, times }) }),
    generations: async () => (await (await fetch(`${url}/__fake/requests`)).json()).generations,
    close: async () => {
      if (program.kill("SIGTERM")) await once(program, "exit");
    },
  };
}
