import { controlType, unknownType, userDefinedType, type Vocabulary } from "./parse-vocabulary.js";
import type { Dialect } from "./pre-tokenizers.js";

/** The tokens that are found in the text before anything else, in the order in which they are looked for. */
export function specialTokens({ tokens, types }: Vocabulary, dialect: Dialect): string[] {
  const isSpecial = (type: number | undefined) =>
    type === controlType || type === userDefinedType || (type === unknownType && dialect === "llama.cpp");
  const special = tokens.filter((token, id) => token !== "" && isSpecial(types[id]));
  return dialect === "ollama" ? special : special.sort((a, b) => Buffer.byteLength(b) - Buffer.byteLength(a));
}

/**
 * Special tokens that no other one overlaps: wherever they stand in a text they are found, so that a text can
 * be cut at them before it is known what else is in it.
 */
export function cuttingTokens({ tokens, types }: Vocabulary): string[] {
  const special = tokens.filter((token, id) => token !== "" && isSearched(types[id]));
  const control = tokens.filter((token, id) => token.length > 2 && types[id] === controlType);
  return control
    .slice(0, mostCuttingTokens)
    .filter((token) => !special.some((other) => other !== token && isOverlap(token, other)));
}

/** Llama 3 reserves 248, of which none is ever used. */
const mostCuttingTokens = 300;

const isSearched = (type: number | undefined) =>
  type === controlType || type === userDefinedType || type === unknownType;

function isOverlap(token: string, other: string): boolean {
  if (token.includes(other) || other.includes(token)) return true;
  for (let length = 1; length < Math.min(token.length, other.length); length++)
    if (token.endsWith(other.slice(0, length)) || other.endsWith(token.slice(0, length))) return true;
  return false;
}

export interface SplitText {
  /** What lies between the special tokens. */
  texts: string[];
  specials: number;
}

/** One special token after the other is looked for in what the ones before left over, as Ollama does it. */
export function splitSpecialTokens(text: string, special: string[]): SplitText {
  let texts = [text];
  let specials = 0;
  for (const token of special) {
    if (!text.includes(token)) continue;
    texts = texts.flatMap((part) => {
      const parts = part.split(token);
      specials += parts.length - 1;
      return parts;
    });
  }
  return { texts: texts.filter((part) => part !== ""), specials };
}
