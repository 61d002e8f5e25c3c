// `npm run test:compaction`: a session of the real Claude Code grows past the window, again and again. It must
// compact and go on, with nothing but the environment that GET /claude-code/env exports.
// OLLAMA_HOST and MODEL_NAME say which model; COMPACTION_WINDOWS (32768,65536,131072), COMPACTION_ROUNDS (5) and
// CLAUDE_CODE_VERSIONS what is tried. Prints a table; minutes for the large windows.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { growSession } from "./claude-code/grow-session.mjs";
import { installClient } from "./claude-code/install-client.mjs";
import { makeSession } from "./claude-code/run-client.mjs";
import { startStack } from "./claude-code/start-stack.mjs";
import { prepare } from "./prepare.mjs";

const list = (text) => text.split(/[ ,]+/).filter(Boolean);
const windows = list(process.env.COMPACTION_WINDOWS || "32768,65536,131072").map(Number);
const versions = list(process.env.CLAUDE_CODE_VERSIONS || "2.1.330,2.1.197");
const rounds = Number(process.env.COMPACTION_ROUNDS || 5);

if (!process.env.OLLAMA_HOST) {
  process.stderr.write(
    "Set OLLAMA_HOST to a real Ollama, such as localhost:11434, and MODEL_NAME to its model.\n",
  );
  process.exit(1);
}
const node = prepare();
const programs = new Map(versions.map((version) => [version, installClient(version)]));
const tally = { passed: 0, failed: 0 };
say("| window | client | compactions | largest prompt | refused prompts | turns | minutes | |");
say("|---|---|---|---|---|---|---|---|");
for (const window of windows) for (const version of versions) await test(window, version);
say(`${tally.passed} passed, ${tally.failed} failed`);
process.exitCode = tally.failed > 0 ? 1 : 0;

async function test(window, version) {
  const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-compaction-"));
  const startedAt = performance.now();
  const seen = { compactions: 0, largestPrompt: 0, refused: 0, turns: 0 };
  let fault;
  const stack = await startStack(node, folder, { CONTEXT_LENGTH: String(window) });
  try {
    await growSession({
      program: programs.get(version),
      window,
      rounds,
      seen,
      stack,
      ...(await makeSession(stack.url, folder)),
    });
  } catch (error) {
    fault = error.message;
  }
  await stack.close();
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  const { compactions, largestPrompt, refused, turns } = seen;
  say(
    `| ${window} | ${version} | ${compactions} | ${largestPrompt} | ${refused} | ${turns} | ${minutes} | ${fault ? "FAILED" : "goes on"} |`,
  );
  if (fault) say(`FAILED: ${fault}\nThe stack's log and the client's files are in ${folder}`);
  else rmSync(folder, { recursive: true });
  tally[fault ? "failed" : "passed"]++;
}

function say(line) {
  process.stdout.write(`${line}\n`);
}
