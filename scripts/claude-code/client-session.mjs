import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const answerLimitMs = 600_000;

/**
 * One session of Claude Code in headless mode that takes message after message. `ask` resolves with all that the
 * client tells up to its result; a client that ends or is silent for ten minutes is an error.
 */
export function openSession(program, args, { cwd, env }) {
  const streaming = ["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"];
  const client = spawn(program, [...streaming, ...args], { cwd, env, stdio: ["pipe", "pipe", "pipe"] });
  const ended = once(client, "close");
  let complaints = "";
  client.stderr.setEncoding("utf8").on("data", (text) => (complaints += text));
  client.stdin.on("error", () => undefined);
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();

  async function ask(text) {
    const message = { role: "user", content: [{ type: "text", text }] };
    client.stdin.write(`${JSON.stringify({ type: "user", message })}\n`);
    const timer = setTimeout(() => client.kill("SIGKILL"), answerLimitMs);
    try {
      return await readResult();
    } finally {
      clearTimeout(timer);
    }
  }

  async function readResult() {
    const events = [];
    for (;;) {
      const { value, done } = await lines.next();
      if (done) throw new Error(`the client has ended: ${complaints}${JSON.stringify(events.at(-1))}`);
      if (!value.startsWith("{")) continue;
      const event = JSON.parse(value);
      events.push(event);
      if (event.type === "result") return { events, result: event };
    }
  }

  async function close() {
    client.stdin.end();
    const timer = setTimeout(() => client.kill("SIGKILL"), 10_000);
    await ended;
    clearTimeout(timer);
  }

  return { ask, close };
}
