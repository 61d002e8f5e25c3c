import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { root } from "../root.mjs";

const program = join(root, "tests/support/fake-ollama/fake-ollama.ts");

/** The scripted Ollama of the tests as a process of its own. */
export async function startFakeOllama(node) {
  const env = { PATH: process.env.PATH, PORT: "0" };
  const fake = spawn(node, [program], { env, stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(fake.stdout.setEncoding("utf8"), "data");
  const url = line.match(/http:\S+/)[0];
  const turn = (knob, body) => fetch(`${url}/__fake/${knob}`, { method: "POST", body: JSON.stringify(body) });
  return {
    url,
    /** What the next `times` answers consist of. */
    script: (script, times) => turn("script", { script, times }),
    generations: async () => (await (await fetch(`${url}/__fake/requests`)).json()).generations,
    close: async () => {
      fake.kill();
      if (fake.exitCode === null) await once(fake, "exit");
    },
  };
}
