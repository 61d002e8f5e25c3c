import { afterAll, describe, expect, test } from "vitest";
import { smallShow } from "./__fixtures__/small-vocabulary.js";
import { CountWorker } from "./count-worker.js";
import { parseVocabulary } from "./parse-vocabulary.js";
import { TextCounter } from "./text-counter.js";
import { Tokenizer } from "./tokenizer.js";

const merges = ["Ċ Ċ", "ĊĊ ĊĊ", "h e", "Ċ h", "/ /", "Ċ /"];
const letters = Array.from("abcdefghijklmnopqrstuvwxyz<>/ĠĊ.;");

describe("Tokenizer", () => {
  const worker = new CountWorker(() => {});
  afterAll(() => worker.close());

  test.each([
    "qwen2",
    "llama-bpe",
    "gpt-2",
    "default",
    "starcoder",
    "tekken",
    "gpt-4o",
    "deepseek-v3",
    "falcon",
  ])("%s: blocks counted apart are as many tokens as the whole", async (pre) => {
    const show = smallShow({
      "general.architecture": "x",
      "tokenizer.ggml.pre": pre,
      "tokenizer.ggml.merges": merges,
      "tokenizer.ggml.token_type": undefined,
      "tokenizer.ggml.tokens": [...letters, ...merges.map((merge) => merge.replace(" ", ""))],
    });
    const { model_info } = JSON.parse(new TextDecoder().decode(show)) as {
      model_info: Record<string, unknown>;
    };
    const whole = new TextCounter(parseVocabulary(model_info)!);
    const tokenizer = new Tokenizer(pre, (await worker.load(pre, show))!, worker);
    for (const text of [
      "he;\n\nhe",
      "he.\n\n\n\nhe",
      "he\n\n  he",
      "he;\n\n//he",
      "  \n\nhe\n\n",
      "he \n\n.\n\n/\n\nhe",
    ])
      expect([text, await tokenizer.countAll([text], "llama.cpp")]).toEqual([
        text,
        [whole.count(text, "llama.cpp")],
      ]);
  });

  test("a worker that dies fails its jobs, and the next job starts another", async () => {
    let losses = 0;
    const mortal = new CountWorker(() => (losses += 1));
    await mortal.load("d", smallShow());
    const counting = mortal.count("d", "ollama", ["hello ".repeat(2_000_000)]);
    await mortal.close();
    await expect(counting).rejects.toThrow();
    expect(losses).toBe(1);
    await expect(mortal.count("d", "ollama", ["hello"])).rejects.toThrow("not loaded");
    await mortal.load("d", smallShow());
    expect(await mortal.count("d", "ollama", ["hello"])).toEqual([1]);
    await mortal.close();
  });
});
