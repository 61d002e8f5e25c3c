import { gone, mergePairs, type RankPair, unknown } from "./merge-pairs.js";
import { addsBos, type Vocabulary } from "./parse-vocabulary.js";
import type { Dialect } from "./pre-tokenizers.js";

/** Counts the tokens of texts without special tokens: SentencePiece vocabularies with scores, as Llama 2 and Gemma have them. */
export class SentencePieceCounter {
  readonly isExact = true;
  /** Its merges go over anything. */
  readonly blankLineCut = undefined;
  readonly addsBos: boolean;
  private readonly prefix: string;
  private readonly ids: ReadonlyMap<string, number>;

  private readonly vocabulary: Vocabulary;

  constructor(vocabulary: Vocabulary, dialect: Dialect) {
    this.vocabulary = vocabulary;
    this.ids = new Map(vocabulary.tokens.map((token, id) => [token, id]));
    this.addsBos = addsBos(vocabulary, dialect);
    this.prefix = dialect === "llama.cpp" && vocabulary.addSpacePrefix ? "▁" : "";
  }

  /** `text` follows a special token or starts the prompt: llama.cpp puts a space before it. */
  count(text: string): number {
    const characters = Array.from(this.prefix + text.toWellFormed().replaceAll(" ", "▁"));
    const symbols = characters.map((character) => this.ids.get(character) ?? unknown);
    // The bytes of characters that the vocabulary lacks; they stay where they are, nothing merges with them.
    const bytes = characters.map((character) => Buffer.byteLength(character));
    mergePairs(symbols, this.rankPair, true);
    return symbols.reduce((count, symbol, index) => {
      if (symbol === gone) return count;
      return count + (symbol === unknown ? bytes[index]! : 1);
    }, 0);
  }

  private readonly rankPair: RankPair = (left, right) => {
    if (left < 0 || right < 0) return undefined;
    const { tokens, scores } = this.vocabulary;
    const result = this.ids.get(tokens[left]! + tokens[right]!);
    return result === undefined ? undefined : { rank: -scores[result]!, result };
  };
}
