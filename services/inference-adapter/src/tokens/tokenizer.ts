import { LRUCache } from "lru-cache";
import { hash } from "node:crypto";
import type { CountWorker } from "./count-worker.js";
import type { Dialect } from "./pre-tokenizers.js";
import type { DialectFacts, VocabularyFacts } from "./text-counter.js";

const memoEntries = 50_000;
const longestPlainKey = 40;

/**
 * One model's tokenizer: texts are cut into blocks that can be counted apart, the counts of blocks are kept
 * here, and only blocks that are new go to the worker, all in one message.
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

  /** Tokens of each text, as if it stood alone; BOS and EOS are not among them. */
  async countAll(texts: string[], dialect: Dialect): Promise<number[]> {
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
    const cut = this.dialects.find((facts) => facts.dialect === dialect)?.blankLineCut;
    const parts = this.cutting ? text.split(this.cutting) : [text];
    const blocks = cut ? parts.flatMap((part) => part.split(blankLines[cut])) : parts;
    return blocks.filter((block) => block !== "").map((block) => ({ key: toKey(block), text: block }));
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
