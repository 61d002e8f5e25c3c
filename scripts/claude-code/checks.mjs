import { deepStrictEqual, equal, ok } from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { readMetrics } from "./read-metrics.mjs";
import { runClient } from "./run-client.mjs";

// The directives in front are for the tiny scripted models of the tests; a real model reads the words.
const writePrompt = "@@write Write the file hello.txt with the text: hello from a tiny model";
const bashPrompt = "@@bash Run this command with the Bash tool: echo tiny-was-here";
/** A picture of one point. */
const dot =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const allowed = ["--allowedTools", "Write,Bash,Read"];

/** What is checked with each version, in this order: name → what throws when it fails. */
export const checks = {
  "tells its version with our environment": async ({ program, version, session }) => {
    const { code, stdout } = await runClient(program, ["--version"], session);
    equal(code, 0);
    equal(stdout.split(" ")[0], version);
  },

  "writes a file": async (context) => {
    await writeFile(context);
  },

  "the same again comes from the cache alone": async (context) => {
    rmSync(join(context.session.cwd, "hello.txt"));
    await comesFromCache(context, writeFile);
  },

  "runs a command": async ({ program, session }) => {
    const args = ["-p", bashPrompt, "--output-format", "stream-json", "--verbose", ...allowed];
    const { code, stdout, stderr } = await runClient(program, args, session);
    const events = readEvents(stdout, stderr);
    const results = events.flatMap(({ message }) => message?.content ?? []).filter(isToolResult);
    ok(JSON.stringify(results).includes("tiny-was-here"), `no tool result has the line:\n${stdout}`);
    equal(events.at(-1).is_error, false);
    equal(code, 0);
  },

  "goes on without an image that the model cannot see": sendImage,

  "and from the cache alone in another session": (context) =>
    comesFromCache(context, sendImage, { refused: 1 }),

  "goes on after a compaction": compact,

  "and there from the cache alone in another session": (context) => comesFromCache(context, compact),

  "answers stdin with --model and -p": async ({ program, session, model }) => {
    await say(program, ["--model", model, "-p"], session);
  },

  "answers stdin with --model alone": async ({ program, session, model }) => {
    await say(program, ["--model", model], session);
  },
};

async function comesFromCache(context, run, { refused = 0 } = {}) {
  const before = await readMetrics(context.stack);
  await run(context);
  const after = await readMetrics(context.stack);
  ok(after.hits > before.hits, "no turn was a hit");
  const { hits, otherAnswers } = before;
  deepStrictEqual({ ...after, hits }, { ...before, otherAnswers: otherAnswers + refused });
}

async function sendImage({ program, session }) {
  const source = { type: "base64", media_type: "image/png", data: dot };
  const content = [
    { type: "text", text: "Say hello" },
    { type: "image", source },
  ];
  const input = `${JSON.stringify({ type: "user", message: { role: "user", content } })}\n`;
  const streams = ["--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];
  await runToResult(program, streams, { ...session, input });
}

/** What follows has the path of the transcript in it, with the session's id. */
async function compact({ program, session }) {
  const ask = (...args) => runToResult(program, [...args, "--output-format", "json"], session);
  const { session_id } = await ask("Say hello");
  await ask("/compact", "--resume", session_id);
  await ask("Say hello again", "--resume", session_id);
}

/** What `claude -p` ends with, when it ends well. */
async function runToResult(program, args, session) {
  const { code, stdout, stderr } = await runClient(program, ["-p", ...args], session);
  const result = readEvents(stdout, stderr).at(-1);
  equal(result.is_error, false, stdout);
  equal(code, 0, stdout);
  return result;
}

async function writeFile({ program, session }) {
  await runToResult(program, [writePrompt, "--output-format", "json", ...allowed], session);
  equal(readFileSync(join(session.cwd, "hello.txt"), "utf8").trim(), "hello from a tiny model");
}

async function say(program, args, session) {
  const { code, stdout, stderr } = await runClient(program, args, { ...session, input: "Say hello\n" });
  equal(code, 0, `${stdout}${stderr}`);
  ok(stdout.trim().length > 0, `nothing was said: ${stderr}`);
}

/** One JSON object a line. */
function readEvents(stdout, stderr) {
  const lines = stdout.split("\n").filter((line) => line.startsWith("{"));
  ok(lines.length > 0, `no JSON in the output:\n${stdout}\n${stderr}`);
  return lines.map((line) => JSON.parse(line));
}

function isToolResult(block) {
  return block.type === "tool_result";
}
