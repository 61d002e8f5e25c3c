import { afterEach, describe, expect, test } from "vitest";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { ServedModel } from "../backends/inference-backend.js";
import { toOllamaChatRequest } from "../backends/ollama/to-ollama-chat-request.js";
import { smallShow } from "./__fixtures__/small-vocabulary.js";
import { estimateTokens } from "./estimate-tokens.js";
import type { ChatPrompt, PromptSource } from "./prompt-source.js";
import { TokenCounter, type TokenCounterOptions } from "./token-counter.js";

const model: ServedModel = {
  name: "m",
  digest: "d",
  modifiedAt: "",
  capabilities: new Set(["tools"]),
  trainedContextLength: 100,
  contextLength: 100,
  fingerprint: "",
};
const tool = (name: string) => ({ name, description: "d".repeat(500), input_schema: { type: "object" } });
const say = (...texts: string[]) =>
  toCanonicalRequest({
    model: "m",
    messages: texts.map((content, turn) => ({ role: turn % 2 === 0 ? "user" : "assistant", content })),
  });

/** A backend whose template is `<|start|>content<|end|>`, the tools before. */
class ScriptedSource implements PromptSource {
  isLoaded = true;
  renderings: ChatPrompt[] = [];
  vocabularyReads = 0;
  readVocabulary = (): Promise<Uint8Array<ArrayBuffer>> => {
    this.vocabularyReads += 1;
    return Promise.resolve(smallShow());
  };
  toChatPrompt: PromptSource["toChatPrompt"] = (request, served) => {
    const { messages, tools = [], think } = toOllamaChatRequest(request, served, "-1");
    return { messages, tools, think };
  };
  canRender = () => Promise.resolve(this.isLoaded);
  render = (prompt: ChatPrompt): Promise<string> => {
    this.renderings.push(prompt);
    const tools = prompt.tools
      .map(({ function: { name, description } }) => `${name}:${description}\n`)
      .join("");
    return Promise.resolve(
      tools + prompt.messages.map(({ content }) => `<|start|>${content.trim()}<|end|>`).join(""),
    );
  };
}

describe("TokenCounter", () => {
  let counter: TokenCounter;
  const startCounter = (source: PromptSource, options: Partial<TokenCounterOptions> = {}) =>
    (counter = new TokenCounter(source, options));
  afterEach(() => counter.close());

  test("counts the rendered prompt: special tokens, merges, bytes", async () => {
    startCounter(new ScriptedSource());
    expect(await counter.count(say("hello hello x"), model)).toEqual({ tokens: 6, isExact: true });
    expect(await counter.count(say(" hello\n", "he"), model)).toEqual({ tokens: 6, isExact: true });
  });

  test("renders an outline once, whatever its contents", async () => {
    const source = new ScriptedSource();
    startCounter(source);
    for (const text of ["a", "bb", "hello there"]) await counter.count(say(text, "x", "y"), model);
    expect(source.renderings).toHaveLength(1);
  });

  test("renders the same tools once, whatever the messages", async () => {
    const source = new ScriptedSource();
    startCounter(source);
    const tools = [tool("zeta"), tool("zq")];
    for (const texts of [["a"], ["a", "b", "c"], ["a", "b", "c", "d", "e"]]) {
      const { tokens, isExact } = await counter.count({ ...say(...texts), tools }, model);
      expect({ tokens, isExact }).toEqual({
        tokens: 3 * texts.length + "zeta:\nzq:\n".length + 1000,
        isExact: true,
      });
    }
    expect(source.renderings.map((prompt) => prompt.tools.length)).toEqual([1, 2, 1, 1]);
  });

  test("asks for no rendering of a model that is not loaded, and learns from answers instead", async () => {
    const source = new ScriptedSource();
    source.isLoaded = false;
    startCounter(source);
    const before = await counter.count(say("x".repeat(50)), model);
    for (const text of ["a", "aaa", "xx.xx"]) await counter.learn(say(text), model, text.length + 2);
    expect(before.isExact).toBe(false);
    expect(await counter.count(say("x".repeat(50)), model)).toEqual({ tokens: 52, isExact: false });
    expect(source.renderings).toEqual([]);
  });

  test("is no longer sure of itself once an answer says otherwise", async () => {
    startCounter(new ScriptedSource());
    await counter.count(say("x"), model);
    await counter.learn(say("x"), model, 17);
    expect(await counter.count(say("x"), model)).toEqual({ tokens: 3, isExact: false });
    await counter.learn(say("x"), model, 3);
    expect(await counter.count(say("x"), model)).toEqual({ tokens: 3, isExact: true });
  });

  test("estimates while the backend is down, and never throws", async () => {
    const source = new ScriptedSource();
    source.readVocabulary = () => Promise.reject(new Error("down"));
    startCounter(source);
    expect(await counter.count(say("x"), model)).toEqual({
      tokens: estimateTokens(say("x")),
      isExact: false,
    });
    await expect(counter.learn(say("x"), model, 3)).resolves.toBeUndefined();
  });

  test("loads a vocabulary once for all who wait, and lets nobody wait for long", async () => {
    const source = new ScriptedSource();
    let arrive = () => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const read = source.readVocabulary;
    source.readVocabulary = async () => {
      await arrived;
      return read();
    };
    startCounter(source, { vocabularyWaitMs: 20 });
    const counts = await Promise.all([1, 2, 3].map(() => counter.count(say("x"), model)));
    expect(counts.map(({ isExact }) => isExact)).toEqual([false, false, false]);
    arrive();
    await expect
      .poll(() => counter.count(say("x"), model), { timeout: 20_000 })
      .toEqual({ tokens: 3, isExact: true });
    expect(source.vocabularyReads).toBe(1);
  });

  test("estimates for vocabularies that it cannot read", async () => {
    const source = new ScriptedSource();
    source.readVocabulary = () => Promise.resolve(smallShow({ "tokenizer.ggml.model": "t5" }));
    startCounter(source);
    expect((await counter.count(say("x"), model)).isExact).toBe(false);
  });

  test("an image is an estimate beside the counted text", async () => {
    startCounter(new ScriptedSource());
    const request = say("hello");
    request.messages[0]!.content.push({
      type: "image",
      source: { type: "base64", media_type: "image/png", data: "AAAA" },
    });
    expect(await counter.count(request, model)).toEqual({ tokens: 1503, isExact: false });
  });

  test("a prompt far over the window is as long as it seems, and not counted to its end", async () => {
    startCounter(new ScriptedSource());
    const { tokens, isExact } = await counter.count(say("a.b,c".repeat(4_000_000)), model);
    expect(isExact).toBe(false);
    expect(Math.abs(tokens / 20_000_000 - 1)).toBeLessThan(0.01);
  });

  test("counts nothing for a client that has left", async () => {
    startCounter(new ScriptedSource());
    await expect(counter.count(say("x"), model, AbortSignal.abort(new Error("left")))).rejects.toThrow(
      "left",
    );
  });

  test("counts SentencePiece vocabularies by their scores", async () => {
    const source = new ScriptedSource();
    const tokens = ["<|start|>", "<|end|>", "▁", "a", "b", "ab", "▁ab", "<0xC3>"];
    source.readVocabulary = () =>
      Promise.resolve(
        smallShow({
          "general.architecture": "gemma3",
          "tokenizer.ggml.model": "llama",
          "tokenizer.ggml.tokens": tokens,
          "tokenizer.ggml.scores": tokens.map((_, id) => -id),
          "tokenizer.ggml.token_type": [3, 3, 1, 1, 1, 1, 1, 6],
        }),
      );
    startCounter(source);
    expect(await counter.count(say("ab ab aé"), model)).toEqual({ tokens: 2 + 1 + 1 + 2 + 2, isExact: true });
  });
});
