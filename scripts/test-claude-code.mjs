// `npm run test:claude-code`: the real Claude Code against the built stack and a real model server.
// OLLAMA_HOST and MODEL_NAME say which, or INFERENCE_BACKEND, OPENAI_BASE_URL and MODEL_NAME; CLAUDE_CODE_VERSIONS
// lists the clients.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Checks } from "./checks.mjs";
import { checks } from "./claude-code/checks.mjs";
import { installClient } from "./claude-code/install-client.mjs";
import { makeSession } from "./claude-code/run-client.mjs";
import { startStack } from "./claude-code/start-stack.mjs";
import { prepare } from "./prepare.mjs";

const model = process.env.MODEL_NAME || "qwen3-coder";
const versions = (process.env.CLAUDE_CODE_VERSIONS || "2.1.330,2.1.197").split(/[ ,]+/).filter(Boolean);
const tally = new Checks();

if (!process.env.OLLAMA_HOST && !process.env.OPENAI_BASE_URL) {
  process.stderr.write(
    "Set OLLAMA_HOST to a real Ollama, such as localhost:11434, or INFERENCE_BACKEND=openai-compatible and OPENAI_BASE_URL to another server, and MODEL_NAME to its model.\n",
  );
  process.exit(1);
}
const node = prepare();
for (const version of versions) await testVersion(version);
tally.conclude();

async function testVersion(version) {
  const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-claude-code-"));
  const failedBefore = tally.failed;
  const context = { version, model };
  await tally.run(`${version} is installed, and the stack is up`, async () => {
    context.program = installClient(version);
    context.stack = await startStack(node, folder);
    context.session = await makeSession(context.stack.url, folder);
  });
  if (context.session)
    for (const [name, run] of Object.entries(checks))
      await tally.run(`${version} ${name}`, () => run(context));
  await context.stack?.close();
  if (tally.failed === failedBefore) rmSync(folder, { recursive: true });
  else process.stdout.write(`The stack's log and the client's files are in ${folder}\n`);
}
