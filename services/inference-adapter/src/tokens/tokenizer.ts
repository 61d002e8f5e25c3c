import { LRUCache } from "lru-cache";
import { hash } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { CountProgress, type TextCounts } from "./count-progress.js";
import type { CountWorker } from "./count-worker.js";
import type { BlankLineCut, Dialect } from "./pre-tokenizers.js";
import type { DialectFacts, VocabularyFacts } from "./text-counter.js";
import { toBatches } from "./to-batches.js";

const memoEntries = 50_000;
const longestPlainKey = 40;

/** How far a count goes. */
export interface CountLimits {
  /** Behind so many tokens the rest is estimated. */
  enough: number;
  /** Aborted: nobody waits for the count any longer. */
  signal?: AbortSignal | undefined;
}

/**
 * One model's tokenizer: texts are cut into blocks that can be counted apart, the counts of blocks are kept
 * here, and only blocks that are new go to the worker, a batch in one message: counts of long texts take turns
 * with all others, and end when nobody waits for them or enough is known.
 */
export class Tokenizer {
  private readonly memos = new Map<Dialect, LRUCache<string, number>>();
  private readonly cutting: RegExp | undefined;

  constructor(
    private readonly digest: string,
    private readonly facts: VocabularyFacts,
    private readonly worker: CountWorker,
  ) {
    const tokens = facts.cuttingTokens.map((token) => RegExp.escape(token));
    this.cutting = tokens.length > 0 ? new RegExp(`(${tokens.join("|")})`, "u") : undefined;
  }

  get dialects(): DialectFacts[] {
    return this.facts.dialects;
  }

  /** @throws the signal's reason */
  async countAll(texts: string[], dialect: Dialect, { enough, signal }: CountLimits): Promise<TextCounts> {
    const progress = new CountProgress(texts);
    const hasSafeCuts = this.cutOf(dialect) !== undefined;
    for (const batch of toBatches(texts, hasSafeCuts)) {
      if (progress.isBegun) await setImmediate();
      signal?.throwIfAborted();
      if (progress.sum > enough) return progress.estimateRest();
      const counts = await this.countBatch(
        batch.map(({ text }) => text),
        dialect,
      );
      progress.add(batch, counts);
    }
    return progress.end();
  }

  private async countBatch(texts: string[], dialect: Dialect): Promise<number[]> {
    const memo = this.memo(dialect);
    const blocks = texts.map((text) => this.toBlocks(text, dialect));
    const counts = new Map<string, number>();
    const missing = new Map<string, string>();
    for (const { key, text } of blocks.flat()) {
      const known = memo.get(key);
      if (known === undefined) missing.set(key, text);
      else counts.set(key, known);
    }
    if (missing.size > 0) {
      const counted = await this.worker.count(this.digest, dialect, [...missing.values()]);
      [...missing.keys()].forEach((key, index) => {
        counts.set(key, counted[index]!);
        memo.set(key, counted[index]);
      });
    }
    return blocks.map((list) => list.reduce((tokens, { key }) => tokens + counts.get(key)!, 0));
  }

  private toBlocks(text: string, dialect: Dialect): { key: string; text: string }[] {
    const cut = this.cutOf(dialect);
    const parts = this.cutting ? text.split(this.cutting) : [text];
    const blocks = cut ? parts.flatMap((part) => part.split(blankLines[cut])) : parts;
    return blocks.filter((block) => block !== "").map((block) => ({ key: toKey(block), text: block }));
  }

  private cutOf(dialect: Dialect): BlankLineCut | undefined {
    return this.dialects.find((facts) => facts.dialect === dialect)?.blankLineCut;
  }

  private memo(dialect: Dialect): LRUCache<string, number> {
    const known = this.memos.get(dialect);
    if (known) return known;
    const memo = new LRUCache<string, number>({ max: memoEntries });
    this.memos.set(dialect, memo);
    return memo;
  }
}

// White space as all dialects see it. A slash may belong to the piece before it, line breaks included.
const blankLines = { after: /(?<=\n\n)(?=[!-.0-~])/u, before: /(?<=[!-~])(?=\n\n)/u };

const toKey = (block: string): string =>
  block.length <= longestPlainKey ? block : hash("sha1", block, "base64");
