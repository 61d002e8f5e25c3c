import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.js";

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack.close());

/** How often Ollama was asked for so many answers. */
async function askedFor(path: string, count: number): Promise<number> {
  const before = stack.ollama.requests.length;
  const answers = await Promise.all(Array.from({ length: count }, () => fetch(stack.url + path)));
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
  return stack.ollama.requests.length - before;
}

it("a page that needs no key asks Ollama once, however many look at the same time", async () => {
  await askedFor("/health", 1);
  const once = await askedFor("/health", 1);
  expect(once).toBeGreaterThan(0);
  // On a busy machine they do not all come in the same moment: Ollama's answer waits for them.
  stack.ollama.hang();
  setTimeout(() => stack.ollama.unhang(), 1000);
  expect(await askedFor("/health", 100)).toBeLessThanOrEqual(25 * once);
});
