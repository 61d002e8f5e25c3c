// `npm run test:silence`: the real Claude Code waits through a long silence of the model, in the whole built stack
// and with the environment that GET /claude-code/env exports. SILENCE_SECONDS says how long (420),
// CLAUDE_CODE_VERSIONS with which clients. All run beside each other; nothing else is needed.
import { equal, ok } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installClient } from "./claude-code/install-client.mjs";
import { makeSession, runClient } from "./claude-code/run-client.mjs";
import { startFakeOllama } from "./claude-code/start-fake-ollama.mjs";
import { startStack } from "./claude-code/start-stack.mjs";
import { prepare } from "./prepare.mjs";

const silenceMs = Number(process.env.SILENCE_SECONDS || 420) * 1000;
const versions = (process.env.CLAUDE_CODE_VERSIONS || "2.1.330,2.1.197").split(/[ ,]+/).filter(Boolean);

const write = { name: "Write", arguments: { file_path: "late.txt", content: "late" } };
/** What the model does for the first turn: name → script and what the session's result holds. */
const cases = {
  "before the first token": {
    script: [{ headersDelayMs: silenceMs }, { text: "At last." }],
    says: "At last.",
  },
  "in the middle of a text": {
    script: [{ text: "Some words" }, { delayMs: silenceMs }, { text: " and the rest." }],
    says: "Some words and the rest.",
  },
  "while a tool call is written": {
    script: [{ text: "I write." }, { delayMs: silenceMs }, { toolCall: write }],
    says: "Done.",
  },
};

const node = prepare();
const programs = new Map(versions.map((version) => [version, installClient(version)]));
const runs = versions.flatMap((version) =>
  Object.entries(cases).map(([name, silence]) => run(`${version} ${name}`, programs.get(version), silence)),
);
const passed = (await Promise.all(runs)).filter(Boolean).length;
process.stdout.write(`${passed} passed, ${runs.length - passed} failed\n`);
process.exitCode = passed === runs.length ? 0 : 1;

async function run(name, program, silence) {
  const startedAt = performance.now();
  const seconds = () => `${((performance.now() - startedAt) / 1000).toFixed(0)} s`;
  const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-silence-"));
  const closing = [];
  try {
    await wait(program, silence, folder, closing);
    process.stdout.write(`ok      ${name} (${seconds()})\n`);
    rmSync(folder, { recursive: true });
    return true;
  } catch (error) {
    process.stdout.write(`FAILED  ${name} (${seconds()}): ${error.message}\nThe files are in ${folder}\n`);
    return false;
  } finally {
    for (const close of closing.toReversed()) await close();
  }
}

async function wait(program, { script, says }, folder, closing) {
  const ollama = await startFakeOllama(node);
  closing.push(ollama.close);
  const stack = await startStack(node, folder, { OLLAMA_HOST: ollama.url, MODEL_NAME: "qwen3-coder" });
  closing.push(stack.close);
  const session = await makeSession(stack.url, folder);
  await ollama.script(script, 1);
  const startedAt = performance.now();
  const args = ["-p", "Write the file late.txt.", "--output-format", "json", "--allowedTools", "Write"];
  const { code, stdout, stderr } = await runClient(program, args, session);
  ok(performance.now() - startedAt >= silenceMs, `it came too early: ${stdout}${stderr}`);
  const result = JSON.parse(stdout.slice(stdout.indexOf("{")));
  equal(result.is_error, false, stdout);
  equal(code, 0, stdout);
  ok(result.result.includes(says), `the client got: ${result.result}`);
  // A client that gave up would have asked again.
  equal(await ollama.generations(), says === "Done." ? 2 : 1, "the client asked again");
}
