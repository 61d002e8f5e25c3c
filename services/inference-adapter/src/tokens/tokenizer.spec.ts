import { afterAll, describe, expect, test } from "vitest";
import { smallShow } from "./__fixtures__/small-vocabulary.js";
import { CountWorker } from "./count-worker.js";
import { parseVocabulary } from "./parse-vocabulary.js";
import { TextCounter } from "./text-counter.js";
import { Tokenizer } from "./tokenizer.js";

const merges = ["Ċ Ċ", "ĊĊ ĊĊ", "h e", "Ċ h", "/ /", "Ċ /"];
/** Has no empty line, and is longer than what is counted at once. */
const longText = "the 'he's' h2(x), \"1234\";\n  he//\n\the   he /he\r\nhe, don't <h>he's;".repeat(8000);
const whole = { enough: Infinity };
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
    const counter = new TextCounter(parseVocabulary(model_info)!);
    const tokenizer = new Tokenizer(pre, (await worker.load(pre, show))!, worker);
    for (const text of [
      "he;\n\nhe",
      "he.\n\n\n\nhe",
      "he\n\n  he",
      "he;\n\n//he",
      "  \n\nhe\n\n",
      "he \n\n.\n\n/\n\nhe",
      longText,
    ])
      expect([text, await tokenizer.countAll([text], "llama.cpp", whole)]).toEqual([
        text,
        { tokens: [counter.count(text, "llama.cpp")], isExact: true },
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

  describe("of long texts", () => {
    const load = async (digest: string) =>
      new Tokenizer(digest, (await worker.load(digest, smallShow()))!, worker);

    test("a piece of megabytes is counted nearly, in little memory", { timeout: 60_000 }, async () => {
      const tokenizer = await load("one piece");
      const { tokens, isExact } = await tokenizer.countAll(["he".repeat(2_500_000)], "ollama", whole);
      expect(isExact).toBe(false);
      expect(Math.abs(tokens[0]! / 2_500_000 - 1)).toBeLessThan(0.01);
      expect(await tokenizer.countAll([`x${" ".repeat(4_500_000)}x`], "ollama", whole)).toMatchObject({
        tokens: [4_500_002],
      });
    });

    test("a short text does not wait for a long one", { timeout: 60_000 }, async () => {
      const tokenizer = await load("fair");
      const ended: string[] = [];
      const long = tokenizer
        .countAll([toUnlikeText(6_000_000)], "ollama", whole)
        .then(() => ended.push("long"));
      await tokenizer.countAll(["short"], "ollama", whole).then(() => ended.push("short"));
      await long;
      expect(ended).toEqual(["short", "long"]);
    });

    test("a count that nobody waits for ends", { timeout: 60_000 }, async () => {
      const tokenizer = await load("left");
      const leaving = new AbortController();
      const text = toUnlikeText(6_000_000);
      const counting = tokenizer.countAll([text], "ollama", { ...whole, signal: leaving.signal });
      setTimeout(() => leaving.abort(new Error("left")), 20);
      await expect(counting).rejects.toThrow("left");
    });

    test("behind enough tokens the rest is estimated", { timeout: 60_000 }, async () => {
      const tokenizer = await load("enough");
      let asked = 0;
      const count = worker.count.bind(worker);
      worker.count = (digest, dialect, texts) => {
        asked += texts.join("").length;
        return count(digest, dialect, texts);
      };
      const text = toUnlikeText(2_000_000);
      const { tokens, isExact } = await tokenizer.countAll([text, "abc"], "ollama", { enough: 300_000 });
      worker.count = count;
      expect(isExact).toBe(false);
      expect(Math.abs(tokens[0]! / text.length - 1)).toBeLessThan(0.01);
      expect(asked).toBeLessThan(600_000);
    });
  });
});

/** Words that are one token a character, never the same for long. */
function toUnlikeText(length: number): string {
  let words = "";
  for (let index = 0; words.length < length; index++) words += `x${index}xx,`;
  return words;
}
