import { describe, expect, test } from "vitest";
import { type Dialect, preTokenizer, toPieces } from "./pre-tokenizers.js";

// What the Hugging Face tokenizers of these models make of the texts.
const cases: [
  name: string,
  dialect: Dialect,
  architecture: string,
  pre: string,
  text: string,
  pieces: string[],
][] = [
  ["qwen2: single digits", "ollama", "qwen3moe", "qwen2", "a 2026", ["a", " ", "2", "0", "2", "6"]],
  ["llama-bpe: three digits", "llama.cpp", "llama", "llama-bpe", "a 2026", ["a", " ", "202", "6"]],
  ["gpt-2: all digits", "llama.cpp", "gpt2", "gpt-2", "a 2026", ["a", " 2026"]],
  ["starcoder: digits apart", "llama.cpp", "starcoder", "starcoder", "a 26", ["a", " ", "2", "6"]],
  ["qwen2: contractions of any case", "ollama", "qwen3", "qwen2", "I'LL don't", ["I", "'LL", " don", "'t"]],
  ["gpt-2: contractions in lower case", "llama.cpp", "gpt2", "gpt-2", "I'LL", ["I", "'", "LL"]],
  ["qwen2: a mark leads a word", "ollama", "qwen3", "qwen2", "f(x.y)", ["f", "(x", ".y", ")"]],
  ["qwen2: line breaks follow marks", "ollama", "qwen3", "qwen2", "};\n\nx", ["};\n\n", "x"]],
  ["qwen2: spaces before a word", "ollama", "qwen3", "qwen2", "\n   x", ["\n", "  ", " x"]],
  ["gpt-2: one space goes with the word", "llama.cpp", "gpt2", "gpt-2", "   x", ["  ", " x"]],
  ["tekken: words by case", "llama.cpp", "mistral3", "tekken", "myVarName", ["my", "Var", "Name"]],
  ["gpt-4o: contractions stay with words", "ollama", "gptoss", "gpt-4o", "don't Go", ["don't", " Go"]],
  ["gpt-4o: slashes follow marks", "ollama", "gptoss", "gpt-4o", "://x", ["://", "x"]],
  ["deepseek: scripts apart", "llama.cpp", "deepseek2", "deepseek-v3", "ab日本12", ["ab", "日本", "12"]],
  ["default: runs of marks", "llama.cpp", "x", "default", "a==b 1234", ["a", "==", "b", " ", "123", "4"]],
  ["Ollama: only ASCII is white space", "ollama", "qwen3", "qwen2", "a\u3000b", ["a", "\u3000b"]],
  [
    "llama.cpp: any white space",
    "llama.cpp",
    "gpt2",
    "gpt-2",
    "a\u3000\u3000b",
    ["a", "\u3000", "\u3000", "b"],
  ],
  ["letters of all scripts, marks apart", "ollama", "qwen3", "qwen2", "žluť किमि", ["žluť", " क", "िम", "ि"]],
  ["surrogate pairs stay whole", "ollama", "qwen3", "qwen2", "🙂🙂 x", ["🙂🙂", " x"]],
];

describe("pre-tokenizers", () => {
  test.each(cases)("%s", (_, dialect, architecture, pre, text, pieces) => {
    expect(toPieces(text, preTokenizer(dialect, architecture, pre).patterns)).toEqual(pieces);
  });

  test("lose nothing of any text", () => {
    const text = "a'S \u00a0\v\r\n\n ½²\u200d日本 🙂\ud800 --/**/ \t x";
    for (const pre of [
      "qwen2",
      "llama-bpe",
      "gpt-2",
      "default",
      "tekken",
      "gpt-4o",
      "deepseek-v3",
      "falcon",
      "refact",
    ])
      expect(toPieces(text, preTokenizer("llama.cpp", "x", pre).patterns).join("")).toBe(text);
  });

  test("say when they do not know a name", () => {
    expect(preTokenizer("llama.cpp", "x", "never-heard-of").isKnown).toBe(false);
    expect(preTokenizer("llama.cpp", "x", "qwen2").isKnown).toBe(true);
  });
});
