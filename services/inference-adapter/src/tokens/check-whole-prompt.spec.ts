import { describe, expect, it } from "vitest";
import type { GenerationEnd } from "../backends/inference-backend.js";
import { checkWholePrompt } from "./check-whole-prompt.js";

const end = (inputTokens: number | undefined): GenerationEnd => ({
  type: "end",
  stopReason: "end_turn",
  stopSequence: null,
  inputTokens,
  outputTokens: 1,
  loadSeconds: 0,
  prefillSeconds: 0,
  decodeSeconds: 0,
});

async function run(inputTokens: number | undefined, loaded: number | undefined | Error, isExact = true) {
  const learned: number[] = [];
  await checkWholePrompt(end(inputTokens), {
    count: { tokens: 10_000, isExact },
    contextLength: 32_768,
    loadedContextLength: async () => {
      if (loaded instanceof Error) throw loaded;
      return loaded;
    },
    onCounted: (tokens) => learned.push(tokens),
  });
  return learned;
}

describe("checkWholePrompt", () => {
  it("learns from a whole prompt", async () => expect(await run(10_000, 4096)).toEqual([10_000]));

  it("refuses an answer to a prompt that was cut to a smaller window", async () =>
    expect(run(4096, 4096)).rejects.toThrow("The model read only 4096 of 10000 tokens"));

  it.each<[string, number | undefined, number | undefined | Error]>([
    ["the window is as configured: cached tokens were left out", 12, 32_768],
    ["the window is not known", 12, undefined],
    ["the backend cannot say", 12, new Error("down")],
    ["the backend counted nothing", undefined, 4096],
  ])("lets an answer pass and learns nothing when %s", async (_name, inputTokens, loaded) =>
    expect(await run(inputTokens, loaded)).toEqual([]),
  );

  it("bears with an estimate", async () => expect(await run(8000, 4096, false)).toEqual([8000]));
});
