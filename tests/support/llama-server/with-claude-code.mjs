// The real Claude Code against the built stack on a real llama.cpp server: TINY_GGUF names the scripted model.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

const here = import.meta.dirname;
const python = spawnSync(join(here, "install.sh"), { encoding: "utf8" }).stdout.trim();
const args = [join(here, "serve.py"), process.env.TINY_GGUF ?? "", join(here, "tiny.jinja"), "131072"];
const server = spawn(python, args, { stdio: ["pipe", "pipe", "ignore"] });
const url = await new Promise((resolve, reject) => {
  createInterface({ input: server.stdout }).on("line", (line) => {
    if (line.startsWith("listening ")) resolve(line.slice("listening ".length));
  });
  server.once("close", () => reject(new Error("llama.cpp's server has ended")));
});
const settings = {
  OLLAMA_HOST: "",
  INFERENCE_BACKEND: "openai-compatible",
  OPENAI_BASE_URL: `${url}/v1`,
  MODEL_NAME: "tiny",
};
const test = spawn("npm", ["run", "--silent", "test:claude-code"], {
  env: { CLAUDE_CODE_VERSIONS: "2.1.330", ...process.env, ...settings },
  stdio: ["ignore", "inherit", "inherit"],
});
const [code] = await once(test, "close");
server.stdin.end();
process.exitCode = code ?? 1;
