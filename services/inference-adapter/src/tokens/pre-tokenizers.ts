// How a text is cut into pieces before byte pairs are merged: merges never cross a cut. The expressions are
// those of Ollama v0.17 (`model/models`) and of the llama.cpp in it (`llama-vocab.cpp`), § in place of `\s`:
// Ollama's engine knows only ASCII white space, llama.cpp knows Unicode's, JavaScript's own differs from both.

/** Ollama runs a model on its own engine or on llama.cpp, and the two cut and merge a little differently. */
export type Dialect = "ollama" | "llama.cpp";

type Style =
  | "gpt2"
  | "llama3"
  | "qwen2"
  | "tekken"
  | "gpt4o"
  | "starcoder"
  | "deepseek3"
  | "falcon"
  | "seed-coder"
  | "bailing"
  | "default";

const spaces: Record<Dialect, string> = {
  ollama: String.raw`\t\n\f\r `,
  "llama.cpp": String.raw`\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000`,
};

const contraction = String.raw`'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]`;
const tail = String.raw`[§]*[\r\n]+|[§]+(?![^§])|[§]+`;
const upper = String.raw`[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`;
const lower = String.raw`[\p{Ll}\p{Lm}\p{Lo}\p{M}]`;
const byCase = (suffix: string) =>
  String.raw`[^\r\n\p{L}\p{N}]?${upper}*${lower}+${suffix}|[^\r\n\p{L}\p{N}]?${upper}+${lower}*${suffix}`;
const words = (digits: string) =>
  String.raw`${contraction}|[^\r\n\p{L}\p{N}]?\p{L}+|${digits}| ?[^§\p{L}\p{N}]+[\r\n]*|${tail}`;
const gpt2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^§\p{L}\p{N}]+|[§]+(?![^§])|[§]+`;

const expressions: Record<Style, string[]> = {
  gpt2: [gpt2],
  llama3: [words(String.raw`\p{N}{1,3}`)],
  qwen2: [words(String.raw`\p{N}`)],
  tekken: [String.raw`${byCase("")}|\p{N}| ?[^§\p{L}\p{N}]+[\r\n/]*|${tail}`],
  gpt4o: [String.raw`${byCase(`(?:${contraction})?`)}|\p{N}{1,3}| ?[^§\p{L}\p{N}]+[\r\n/]*|${tail}`],
  starcoder: [String.raw`\p{N}`, gpt2],
  deepseek3: [
    String.raw`\p{N}{1,3}`,
    "[一-龥\u3040-ゟ゠-ヿ]+",
    String.raw`[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_\x60{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|${tail}`,
  ],
  falcon: [String.raw`[\p{P}$+<=>^~|\x60]+`, gpt2, "[0-9][0-9][0-9]"],
  "seed-coder": [String.raw`${contraction}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^§\p{L}\p{N}\r\n]+|${tail}`],
  bailing: [
    String.raw`'(?:[sSdDmMtT]|[lL][lL]|[vV][eE]|[rR][eE])|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^§\p{L}\p{N}]+[\r\n]*|[§]*[\r\n]|[§]+(?![^§])|[§]+`,
  ],
  default: [String.raw`[\p{P}$+<=>^~|]+`, gpt2, String.raw`\p{N}+`, "[0-9][0-9][0-9]"],
};

const llamaCppStyles: Record<Style, string> = {
  gpt2: "gpt-2 phi-2 mpt olmo jais trillion gigachat exaone4 a.x-4.0 mellum granite-docling jina-es jina-de",
  llama3: "llama3 llama-v3 llama-bpe falcon3 falcon-h1 pixtral midm-2.0 lfm2 dbrx smaug-bpe chatglm-bpe glm4",
  qwen2: "qwen2 deepseek-r1-qwen kormo stablelm2 hunyuan megrez grok-2",
  tekken: "tekken",
  gpt4o: "gpt-4o llama4 minimax-m2",
  starcoder: "starcoder refact command-r smollm codeshell exaone minerva-7b",
  deepseek3: "deepseek-v3 hunyuan-dense",
  falcon: "falcon",
  "seed-coder": "seed-coder",
  bailing: "bailingmoe bailingmoe2 llada-moe",
  default: "default",
};

/** `after` the empty line or `before` it; both only where something other than white space follows or precedes. */
export type BlankLineCut = "after" | "before";

/** Their white space reaches up to the next word, so that what follows a line break matters. */
const spacesLookAhead: Style[] = ["gpt2", "starcoder", "falcon", "default"];

export interface PreTokenizer {
  patterns: RegExp[];
  /** Where a text may be cut so that each part has the pieces that it has in the whole. */
  blankLineCut: BlankLineCut;
  /** False: the name is unknown and llama.cpp's default stands in. */
  isKnown: boolean;
}

export function preTokenizer(dialect: Dialect, architecture: string, pre: string): PreTokenizer {
  const known = dialect === "ollama" ? ollamaStyle(architecture, pre) : llamaCppStyle(pre);
  const style = known ?? "default";
  const patterns = expressions[style].map(
    (source) => new RegExp(source.replaceAll("§", spaces[dialect]), "gu"),
  );
  const blankLineCut = spacesLookAhead.includes(style) ? "before" : "after";
  return { patterns, blankLineCut, isKnown: known !== undefined };
}

/** On Ollama's engine most architectures bring their own expression and do not read the name. */
function ollamaStyle(architecture: string, pre: string): Style {
  if (/^(qwen|nemotron_h)/.test(architecture)) return "qwen2";
  if (architecture.startsWith("gemma") || pre === "default") return "gpt2";
  if (/^(llama4|gpt-?oss)/.test(architecture)) return "gpt4o";
  if (architecture === "mistral3" || pre === "tekken") return "tekken";
  if (architecture === "deepseek2") return "deepseek3";
  if (pre === "qwen2") return "qwen2";
  return pre === "refact" ? "starcoder" : "llama3";
}

const llamaCppStyle = (pre: string): Style | undefined =>
  (Object.keys(llamaCppStyles) as Style[]).find((style) => llamaCppStyles[style].split(" ").includes(pre));

/** The pieces of a text; what no pattern matches is a piece too. */
export function toPieces(text: string, patterns: RegExp[]): string[] {
  let parts = [text];
  for (const pattern of patterns) parts = parts.flatMap((part) => cutBy(part, pattern));
  return parts;
}

function cutBy(text: string, pattern: RegExp): string[] {
  const pieces: string[] = [];
  let end = 0;
  pattern.lastIndex = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    if (match.index > end) pieces.push(text.slice(end, match.index));
    pieces.push(match[0]);
    end = pattern.lastIndex;
  }
  if (end < text.length) pieces.push(text.slice(end));
  return pieces;
}
