import { expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import type { GenerationEvent } from "../backends/inference-backend.js";
import { limitCalls, mostCalls } from "./limit-calls.js";

async function* answer(calls: number, read = { events: 0 }): AsyncGenerator<GenerationEvent> {
  for (let call = 0; call < calls; call++)
    for (const event of [
      { type: "tool_use_start", name: "t" },
      { type: "tool_use_input", partialJson: "{}" },
    ] satisfies GenerationEvent[]) {
      read.events += 1;
      yield event;
    }
}

it("passes as many calls as a model may write", async () => {
  expect(await collect(limitCalls(answer(mostCalls)))).toEqual(await collect(answer(mostCalls)));
});

it("reads no further than one call more", async () => {
  const read = { events: 0 };
  await expect(collect(limitCalls(answer(200_000, read)))).rejects.toMatchObject({
    type: "api_error",
    message: "The answer has more than 10000 tool calls",
    shouldRetry: false,
  });
  expect(read.events).toBe(2 * mostCalls + 1);
});
