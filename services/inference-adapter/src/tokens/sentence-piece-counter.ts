import { gone, PairMerger, unknown } from "./pair-merger.js";
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
  private readonly merger: PairMerger;

  constructor(vocabulary: Vocabulary, dialect: Dialect) {
    const { tokens, scores } = vocabulary;
    const ids = new Map(tokens.map((token, id) => [token, id]));
    const find = (left: number, right: number) =>
      left < 0 || right < 0 ? -1 : (ids.get(tokens[left]! + tokens[right]!) ?? -1);
    this.ids = ids;
    this.merger = new PairMerger({ find, rank: (id) => -scores[id]!, result: (id) => id }, true);
    this.addsBos = addsBos(vocabulary, dialect);
    this.prefix = dialect === "llama.cpp" && vocabulary.addSpacePrefix ? "▁" : "";
  }

  /** `text` follows a special token or starts the prompt: llama.cpp puts a space before it. */
  count(text: string): number {
    const characters = Array.from(this.prefix + text.toWellFormed().replaceAll(" ", "▁"));
    const symbols = Int32Array.from(characters, (character) => this.ids.get(character) ?? unknown);
    // The bytes of characters that the vocabulary lacks; they stay where they are, nothing merges with them.
    const bytes = characters.map((character) => Buffer.byteLength(character));
    this.merger.merge(symbols);
    return symbols.reduce((count, symbol, index) => {
      if (symbol === gone) return count;
      return count + (symbol === unknown ? bytes[index]! : 1);
    }, 0);
  }
}
