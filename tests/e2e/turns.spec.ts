import { afterAll, afterEach, beforeAll, expect, it, vi } from "vitest";
import { type Stack, question, startStack } from "../support/stack.js";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterEach(() => stack.ollama.reset());
afterAll(() => stack.close());

const depth = async () => {
  const page = await (await fetch(`${stack.adapter.url}/metrics`)).text();
  return Number(/^llm_inference_queue_depth (\d+)/m.exec(page)?.[1]);
};

/** Asks one after the other, each when the one before is in the queue, and tells in which order they ran. */
async function orderOf(asked: { says: string; session: string; agent?: string }[]): Promise<string[]> {
  stack.ollama.script((_request, generation) => [
    { delayMs: generation === 1 ? 6000 : 0 },
    { text: "Done." },
  ]);
  const answers = [];
  for (const [index, { says, session, agent }] of asked.entries()) {
    const headers = {
      "x-claude-code-session-id": session,
      ...(agent === undefined ? {} : { "x-claude-code-agent-id": agent }),
    };
    answers.push(stack.post(question({ messages: [{ role: "user", content: says }] }), headers));
    if (index === 0)
      await vi.waitFor(() => expect(stack.ollama.running()).toBe(1), { timeout: 10_000, interval: 5 });
    else await vi.waitFor(async () => expect(await depth()).toBe(index), { timeout: 10_000, interval: 5 });
  }
  for (const answer of await Promise.all(answers)) expect(answer.status).toBe(200);
  return stack.ollama.requests
    .filter(({ path }) => path === "/api/chat")
    .map(({ body }) => (body as { messages: { content: string }[] }).messages.at(-1)?.content ?? "");
}

it("the session whose prefix is loaded goes first, subagents are others, and then turns are taken", async () => {
  const order = await orderOf([
    { says: "a1", session: "a" },
    { says: "b1", session: "b" },
    { says: "a sub", session: "a", agent: "sub" },
    { says: "a2", session: "a" },
    { says: "b2", session: "b" },
  ]);
  expect(order).toEqual(["a1", "a2", "b1", "b2", "a sub"]);
});

it("a session with many requests does not keep another one waiting for all of them", async () => {
  const many = Array.from({ length: 6 }, (_, index) => ({
    says: `many ${index}`,
    session: "a",
    agent: `agent ${index}`,
  }));
  const order = await orderOf([...many, { says: "few", session: "b" }]);
  expect(order.indexOf("few")).toBeLessThanOrEqual(2);
});
