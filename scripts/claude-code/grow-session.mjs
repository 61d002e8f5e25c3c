import { equal, ok } from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { openSession } from "./client-session.mjs";

/** Where the whole set of tools leaves no room for a conversation. */
const smallWindow = 40_000;
const fewTools = ["--tools", "Read,Write,Edit,Bash,Glob,Grep"];
/** Less than the space between the client's threshold and the window, so that it can compact in time. */
const tokensAMessage = { small: 3000, large: 7000 };
/** Of a model with a small vocabulary; another one needs more messages for the same. */
const bytesAToken = 2.5;

/**
 * Talks with one session until it has compacted `rounds` times, and then until a tool call was made and answered.
 * What happens is counted in `seen`. @throws Error when a turn fails
 */
export async function growSession({ program, window, rounds, seen, stack, cwd, env }) {
  const isSmall = window < smallWindow;
  const tokens = isSmall ? tokensAMessage.small : tokensAMessage.large;
  const mostTurns = rounds * Math.ceil(window / tokens) * 2 + 5;
  const args = [...(isSmall ? fewTools : []), "--allowedTools", "Bash"];
  const session = openSession(program, args, { cwd, env });
  try {
    while (seen.compactions < rounds) {
      ok(seen.turns < mostTurns, `after ${seen.turns} turns only ${seen.compactions} compactions`);
      await turn(`${longText(tokens * bytesAToken)}\nRemember this and answer in one sentence.`);
    }
    const { events, result } = await turn("@@bash Run this command with the Bash tool: echo tiny-was-here");
    ok(JSON.stringify(events).includes("tiny-was-here"), "no tool was called after the last compaction");
    ok(result.result.length > 0, "nothing was said after the last compaction");
  } finally {
    seen.refused = await countRefused(stack);
    await session.close();
  }

  async function turn(text) {
    const answer = await session.ask(text);
    seen.turns++;
    for (const event of answer.events) note(event);
    equal(answer.result.is_error, false, `turn ${seen.turns}: ${JSON.stringify(answer.result)}`);
    return answer;
  }

  function note({ type, subtype, message }) {
    if (type === "system" && subtype === "compact_boundary") seen.compactions++;
    seen.largestPrompt = Math.max(seen.largestPrompt, message?.usage?.input_tokens ?? 0);
  }
}

/** Words, as a listing has them: different every time, so that nothing comes from the cache. */
function longText(bytes) {
  const lines = [];
  for (let size = 0; size < bytes; size += lines.at(-1).length + 1)
    lines.push(
      `The item ${randomBytes(3).toString("hex")} of the list is in the file and has a name for the test.`,
    );
  return lines.join("\n");
}

/** Prompts that did not fit: nothing else in such a session is a 400. */
async function countRefused({ url }) {
  const text = await (await fetch(`${url}/metrics`)).text();
  const refused =
    /^gen_ai_server_request_duration_seconds_count\{.*error_type="invalid_request_error".* \d+/gm;
  const values = text.match(refused) ?? [];
  return values.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
}
