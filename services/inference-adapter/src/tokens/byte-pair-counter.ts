import { MergeTable } from "./merge-table.js";
import { gone, PairMerger, unknown } from "./pair-merger.js";
import { addsBos, type Vocabulary } from "./parse-vocabulary.js";
import { type BlankLineCut, type Dialect, preTokenizer, toPieces } from "./pre-tokenizers.js";

const memoLimit = 50_000;
/** Longer pieces are runs of one character or base64: rarely the same twice. */
const longestMemoPiece = 64;

/** The parts of a byte-level vocabulary that its dialects share. */
export interface BytePairs {
  ids: ReadonlyMap<string, number>;
  /** By byte. */
  byteIds: Int32Array;
  longestToken: number;
  merges: MergeTable;
}

export function toBytePairs({ tokens, merges }: Vocabulary): BytePairs {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  return {
    ids,
    byteIds: Int32Array.from(byteCharacters, (character) => ids.get(character) ?? unknown),
    longestToken: tokens.reduce((longest, { length }) => Math.max(longest, length), 0),
    merges: new MergeTable(merges, ids),
  };
}

/** Counts the tokens of texts without special tokens: byte-level BPE as GPT-2, Llama 3 and Qwen have it. */
export class BytePairCounter {
  readonly isExact: boolean;
  readonly addsBos: boolean;
  readonly blankLineCut: BlankLineCut;
  private readonly patterns: RegExp[];
  private readonly memo = new Map<string, number>();
  private readonly takesWholePieces: boolean;
  private readonly merger: PairMerger;

  private readonly pairs: BytePairs;

  constructor(pairs: BytePairs, vocabulary: Vocabulary, dialect: Dialect) {
    this.pairs = pairs;
    const { patterns, blankLineCut, isKnown } = preTokenizer(
      dialect,
      vocabulary.architecture,
      vocabulary.pre,
    );
    this.patterns = patterns;
    this.blankLineCut = blankLineCut;
    this.isExact = isKnown;
    this.addsBos = addsBos(vocabulary, dialect);
    const isOllama = dialect === "ollama";
    this.takesWholePieces = isOllama || ignoresMerges.test(vocabulary.pre);
    this.merger = new PairMerger(pairs.merges, !isOllama);
  }

  count(text: string): number {
    let tokens = 0;
    for (const piece of toPieces(text, this.patterns)) tokens += this.countPiece(piece);
    return tokens;
  }

  private countPiece(piece: string): number {
    const known = this.memo.get(piece);
    if (known !== undefined) return known;
    const tokens = this.encodePiece(Buffer.from(piece, "utf8"));
    if (piece.length <= longestMemoPiece) {
      if (this.memo.size >= memoLimit) this.memo.clear();
      this.memo.set(piece, tokens);
    }
    return tokens;
  }

  private encodePiece(bytes: Uint8Array): number {
    const { ids, byteIds, longestToken } = this.pairs;
    if (this.takesWholePieces && bytes.length <= longestToken && ids.has(toByteCharacters(bytes))) return 1;
    const symbols = new Int32Array(bytes.length);
    for (let index = 0; index < bytes.length; index++) symbols[index] = byteIds[bytes[index]!]!;
    this.merger.merge(symbols);
    return symbols.reduce((count, symbol) => (symbol === gone || symbol === unknown ? count : count + 1), 0);
  }
}

// `llama-vocab.cpp`: a piece that is a token as a whole is taken as one, whatever the merges make of it.
const ignoresMerges = /^(llama3|llama-v3|llama-bpe|falcon3|falcon-h1|pixtral|midm-2\.0|lfm2)$/;

/** Byte-level vocabularies write each byte as one printable character. */
const byteCharacters = Array.from({ length: 256 }, (_, byte) => {
  if (byte <= 0x20) return String.fromCharCode(byte + 0x100);
  if (byte >= 0x7f && byte <= 0xa0) return String.fromCharCode(byte + 0xa2);
  return String.fromCharCode(byte === 0xad ? 0x143 : byte);
});

const toByteCharacters = (bytes: Uint8Array): string => {
  let characters = "";
  for (const byte of bytes) characters += byteCharacters[byte]!;
  return characters;
};
