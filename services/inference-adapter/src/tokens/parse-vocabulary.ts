import type { Dialect } from "./pre-tokenizers.js";

/** The tokenizer that a model file carries (GGUF, `tokenizer.ggml.*`). */
export interface Vocabulary {
  kind: "byte-pairs" | "sentence-piece";
  architecture: string;
  pre: string;
  tokens: string[];
  types: number[];
  merges: string[];
  scores: number[];
  addBos: boolean | undefined;
  addEos: boolean;
  addSpacePrefix: boolean;
}

export const controlType = 3;
export const userDefinedType = 4;
export const unknownType = 2;

/** The `model_info` of Ollama's `/api/show` with `verbose` → vocabulary; undefined where a kind is not supported. */
export function parseVocabulary(modelInfo: Record<string, unknown>): Vocabulary | undefined {
  const read = (name: string) => modelInfo[`tokenizer.ggml.${name}`];
  const tokens = texts(read("tokens"));
  const kind = kinds[String(read("model"))];
  const merges = texts(read("merges"));
  const scores = numbers(read("scores"));
  if (!kind || tokens.length === 0) return undefined;
  if (kind === "byte-pairs" ? merges.length === 0 : scores.length !== tokens.length) return undefined;
  return {
    kind,
    tokens,
    merges,
    scores,
    types: numbers(read("token_type")),
    architecture: String(modelInfo["general.architecture"]),
    pre: typeof read("pre") === "string" ? String(read("pre")) : "",
    addBos: flag(read("add_bos_token")),
    addEos: flag(read("add_eos_token")) ?? false,
    addSpacePrefix: flag(read("add_space_prefix")) ?? kind === "sentence-piece",
  };
}

const kinds: Record<string, Vocabulary["kind"] | undefined> = { gpt2: "byte-pairs", llama: "sentence-piece" };

// `fs/ggml/ggml.go`, OllamaEngineRequired, and what `model/models` could run when OLLAMA_NEW_ENGINE asks for it.
const ollamaOnly =
  /^(deepseek2|deepseekocr|gemma3n?|gpt-?oss|llama4|mistral3|mllama|nemotron_h|nemotron_h_moe|olmo3|qwen25vl|qwen3|qwen3moe|qwen35|qwen35moe|qwen3next|qwen3vl|qwen3vlmoe|glm4moelite|glmocr|lfm2|lfm2moe)$/;
const eitherEngine = /^(llama|gemma2|qwen2)$/;

/** The engines that may run a model, the likelier first. The API does not say which one does. */
export function dialectsOf({ architecture }: Pick<Vocabulary, "architecture">): Dialect[] {
  if (ollamaOnly.test(architecture)) return ["ollama"];
  return eitherEngine.test(architecture) ? ["llama.cpp", "ollama"] : ["llama.cpp"];
}

const noBosByDefault =
  /^(qwen3next|qwen35|qwen35moe|qwen3vl|qwen3vlmoe|qwen25vl|gpt-?oss|glm|olmo3|nemotron_h)/;
const bosByDefault = /^(llama3|llama-v3|llama-bpe|falcon3|falcon-h1|pixtral|midm-2\.0|lfm2|chameleon)$/;

/** Whether a BOS token is put before the prompt. Where the file does not say, each engine has its own default. */
export function addsBos({ addBos, architecture, kind, pre }: Vocabulary, dialect: Dialect): boolean {
  if (addBos !== undefined) return addBos;
  if (dialect === "ollama") return !noBosByDefault.test(architecture);
  return kind === "sentence-piece" || bosByDefault.test(pre);
}

const texts = (value: unknown): string[] => (Array.isArray(value) ? (value as string[]) : []);
const numbers = (value: unknown): number[] => (Array.isArray(value) ? (value as number[]) : []);
const flag = (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined);
