import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ask, isAnswering, makeStack, programOf, stateOf, until } from "./stack.mjs";

const program = process.env.OLLAMA_PROGRAM;
const models = process.env.OLLAMA_PROGRAM_MODELS;

/** With a real Ollama and its model `tiny`, where there is one: its models are moved to the volume by install.sh. */
export async function realOllamaChecks(node) {
  if (!program || !models) return { name: "real Ollama", checks: {}, close: async () => {} };
  const scratch = await makeStack(node);
  const { url } = scratch;
  const old = join(scratch.home, ".ollama/models");
  mkdirSync(join(old, ".."), { recursive: true });
  spawnSync("cp", ["-a", models, old]);
  scratch.addProgram("ollama", `#!/bin/sh\nexec '${program}' "$@"\n`);
  scratch.addGpu(24_564);

  const checks = {
    "install.sh moves its models, and a message is answered by it": async () => {
      const { code, output } = await scratch.install("--redis", "none", "--start");
      assert.equal(code, 0, output);
      assert.match(output, /A message through the gateway was answered in/);
      assert.ok(existsSync(join(scratch.volume, "ollama/models/manifests")));
      assert.match(await (await ask(url, { text: "<|chat|>" })).text(), /emitted by a real Ollama server/);
    },

    "it runs with the adapter's window and settings": async () => {
      const env = readFileSync(`/proc/${programOf(scratch, "ollama").pid}/environ`, "utf8").split("\0");
      for (const line of [
        "OLLAMA_CONTEXT_LENGTH=65536",
        "OLLAMA_FLASH_ATTENTION=1",
        "OLLAMA_KV_CACHE_TYPE=q8_0",
        "OLLAMA_NUM_PARALLEL=1",
        "OLLAMA_MAX_LOADED_MODELS=1",
        `OLLAMA_MODELS=${scratch.volume}/ollama/models`,
      ])
        assert.ok(env.includes(line), line);
    },

    "the doctor finds nothing broken and counts its budget": async () => {
      const { code, output } = await scratch.run("npm", "run", "-s", "doctor", "--", "--json");
      assert.equal(code, 0, output);
      const { budget } = JSON.parse(output);
      assert.ok(budget.kvBytesPerToken > 0 && budget.largestContextLength > 0, output);
    },

    "killed, it is back with nothing of the old one left": async () => {
      const { pid } = programOf(scratch, "ollama");
      assert.ok(groupOf(pid).length > 1, "no runner was found");
      process.kill(pid, "SIGKILL");
      await until("it is back", () => ![pid, undefined].includes(programOf(scratch, "ollama").pid));
      await until("its runner is gone", () => groupOf(pid).length === 0);
      await until("it answers", () => isAnswering(url), 60_000);
    },

    "stop leaves no runner": async () => {
      const { pid } = stateOf(scratch).programs.find(({ name }) => name === "ollama");
      assert.equal((await scratch.host("stop", "--now")).code, 0);
      assert.deepEqual(groupOf(pid), []);
    },
  };
  const close = async () => {
    await scratch.host("stop", "--now");
    scratch.remove();
  };
  return { name: "real Ollama", checks, close };
}

/** The processes of a group; zombies have ended. */
function groupOf(pid) {
  const { stdout } = spawnSync("ps", ["-e", "-o", "pgid=,pid=,stat="], { encoding: "utf8" });
  const rows = stdout
    .trim()
    .split("\n")
    .map((row) => row.trim().split(/\s+/));
  return rows
    .filter(([group, , state]) => Number(group) === pid && state[0] !== "Z")
    .map(([, member]) => member);
}
