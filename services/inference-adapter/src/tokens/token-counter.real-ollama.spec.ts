import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { claimRealOllama } from "../../../../tests/support/claim-real-ollama.js";
import { OllamaPromptSource } from "../backends/ollama/ollama-prompt-source.js";
import type { ServedModel } from "../backends/inference-backend.js";
import {
  baseUrl,
  loadedModels,
  promptEvalCount,
  realModel,
  realOllama,
  unload,
} from "./__fixtures__/real-ollama.js";
import { claudeCodeRequests, otherRequests, type SampleRequest } from "./__fixtures__/sample-requests.js";
import { TokenCounter } from "./token-counter.js";

// Against a real Ollama (REAL_OLLAMA_HOST) with the scripted models of tests/support.
test.runIf(process.env["CI"])("REAL_OLLAMA_HOST is set in CI", () => expect(realOllama).toBeTruthy());

/** A handful of answers of each of the two models. */
const seen = [
  "tools",
  "a long conversation",
  "two calls, one failed",
  "code",
  "legacy-model-name",
  "count-tokens-tool",
  "first-turn",
  "first-turn-2.1.330",
  "after-thinking-and-tools",
  "thinking before a call",
];

class BlindSource extends OllamaPromptSource {
  override canRender = () => Promise.resolve(false);
}

describe.runIf(realOllama)("counts of a real Ollama", () => {
  const samples: SampleRequest[] = [...claudeCodeRequests(), ...otherRequests()];
  const answers = new Map<string, number>();
  let model: ServedModel;
  let thinking: ServedModel;

  const modelOf = ({ request }: SampleRequest) =>
    request.thinking?.type === "enabled" || request.thinking?.type === "adaptive" ? thinking : model;

  let release: () => Promise<void>;

  beforeAll(async () => {
    release = await claimRealOllama();
    for (const name of ["tiny", "tiny-b", "tiny-think"]) await unload(name);
    model = await realModel("tiny", 65_536);
    thinking = await realModel("tiny-think", 65_536);
    for (const sample of samples)
      answers.set(sample.name, await promptEvalCount(sample.request, modelOf(sample)));
  }, 1_200_000);

  test("are met exactly with the rendering", { timeout: 300_000 }, async () => {
    const counter = new TokenCounter(new OllamaPromptSource(baseUrl, 5000), { renderWaitMs: 20_000 });
    for (const served of [model, thinking]) {
      // Long enough for Ollama's two engines to count it differently: a short one does not tell which of them answers.
      const first = samples
        .filter((sample) => modelOf(sample) === served)
        .reduce((one, other) => (answers.get(other.name)! > answers.get(one.name)! ? other : one));
      // Both have the same weights, which Ollama loads once, under the name that was asked for first.
      for (const name of ["tiny", "tiny-think"]) await unload(name);
      await expect.poll(loadedModels, { timeout: 30_000 }).toEqual([]);
      await promptEvalCount(first.request, served);
      await counter.count(first.request, served);
      await counter.learn(first.request, served, answers.get(first.name)!);
      for (const sample of samples.filter((one) => modelOf(one) === served))
        expect
          .soft([sample.name, await counter.count(sample.request, served)])
          .toEqual([sample.name, { tokens: answers.get(sample.name), isExact: true }]);
    }
    await counter.close();
  });

  test(
    "are met within 1 % (25 tokens in short ones) without it, once a handful of answers were seen",
    { timeout: 120_000 },
    async () => {
      const counter = new TokenCounter(new BlindSource(baseUrl, 5000));
      for (const sample of samples)
        if (seen.includes(sample.name))
          await counter.learn(sample.request, modelOf(sample), answers.get(sample.name)!);
      for (const sample of samples) {
        const { tokens, isExact } = await counter.count(sample.request, modelOf(sample));
        const truth = answers.get(sample.name)!;
        expect(isExact).toBe(false);
        if (process.env["SHOW_COUNTS"])
          console.log(sample.name, truth, tokens, `${((100 * (tokens - truth)) / truth).toFixed(2)} %`);
        expect
          .soft(Math.abs(tokens - truth), `${sample.name}: ${tokens} for ${truth}`)
          .toBeLessThanOrEqual(Math.max(truth / 100, 25));
      }
      await counter.close();
    },
  );

  test.each([
    ["no model is loaded", async () => {}],
    [
      "another model is loaded",
      async () => void (await promptEvalCount(otherRequests()[0]!.request, await realModel("tiny-b", 4096))),
    ],
    [
      "the model is loaded with another window",
      async () => void (await promptEvalCount(otherRequests()[0]!.request, await realModel("tiny", 4096))),
    ],
    ["the model is loaded", async () => void (await promptEvalCount(otherRequests()[0]!.request, model))],
  ])("load and evict nothing while %s", { timeout: 120_000 }, async (_, prepare) => {
    for (const name of ["tiny", "tiny-b", "tiny-think"]) await unload(name);
    await expect.poll(loadedModels, { timeout: 30_000 }).toEqual([]);
    await prepare();
    const before = await loadedModels();
    const counter = new TokenCounter(new OllamaPromptSource(baseUrl, 5000));
    for (const sample of samples.slice(0, 20)) await counter.count(sample.request, model);
    await counter.learn(samples[0]!.request, model, 1000);
    expect(await loadedModels()).toEqual(before);
    await counter.close();
  });

  afterAll(async () => {
    for (const name of ["tiny", "tiny-b", "tiny-think"]) await unload(name);
    await release();
  });
});
