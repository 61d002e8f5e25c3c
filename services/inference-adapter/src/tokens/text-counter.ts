import { type BytePairs, BytePairCounter, toBytePairs } from "./byte-pair-counter.js";
import { dialectsOf, type Vocabulary } from "./parse-vocabulary.js";
import type { BlankLineCut, Dialect } from "./pre-tokenizers.js";
import { SentencePieceCounter } from "./sentence-piece-counter.js";
import { cuttingTokens, specialTokens, splitSpecialTokens } from "./split-special-tokens.js";

/** What is known about a loaded vocabulary outside of the worker that holds it. */
export interface VocabularyFacts {
  /** Texts may be cut before and after these. */
  cuttingTokens: string[];
  dialects: DialectFacts[];
}

export interface DialectFacts {
  dialect: Dialect;
  /** BOS and EOS tokens around every prompt. */
  added: number;
  /** Texts may be cut here too. */
  blankLineCut: BlankLineCut | undefined;
  /** False: the pre-tokenizer is unknown. */
  isExact: boolean;
}

/** One model's tokenizer in every dialect that may run it. */
export class TextCounter {
  readonly facts: VocabularyFacts;
  private readonly counters = new Map<Dialect, { special: string[]; counter: Counter }>();

  constructor(vocabulary: Vocabulary) {
    const pairs = vocabulary.kind === "byte-pairs" ? toBytePairs(vocabulary) : undefined;
    const dialects = dialectsOf(vocabulary).map((dialect): DialectFacts => {
      const counter = toCounter(vocabulary, dialect, pairs);
      this.counters.set(dialect, { special: specialTokens(vocabulary, dialect), counter });
      const added = Number(counter.addsBos) + Number(vocabulary.addEos);
      return { dialect, added, blankLineCut: counter.blankLineCut, isExact: counter.isExact };
    });
    this.facts = {
      cuttingTokens: cuttingTokens(vocabulary),
      dialects,
    };
  }

  /** Tokens of a text that special tokens may be in, without BOS and EOS. */
  count(text: string, dialect: Dialect): number {
    const found = this.counters.get(dialect);
    if (!found) throw new Error(`no dialect ${dialect}`);
    const { texts, specials } = splitSpecialTokens(text, found.special);
    return texts.reduce((tokens, part) => tokens + found.counter.count(part), specials);
  }
}

type Counter = BytePairCounter | SentencePieceCounter;

const toCounter = (vocabulary: Vocabulary, dialect: Dialect, pairs: BytePairs | undefined): Counter =>
  pairs ? new BytePairCounter(pairs, vocabulary, dialect) : new SentencePieceCounter(vocabulary, dialect);
