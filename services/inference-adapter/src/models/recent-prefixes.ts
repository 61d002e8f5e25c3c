import { LRUCache } from "lru-cache";
import type { PromptPrefix } from "./to-prefix-requests.js";

interface Known {
  prefix: PromptPrefix;
  bytes: number;
}

/** Longer ago is not lately: so many different prefixes of a model are remembered. */
const prefixesOfModel = 4;
const mostModels = 8;
/** Shorter ones are evaluated in no time. */
const leastBytes = 4096;
const mostBytes = 1024 * 1024;

/** The prompt prefixes seen lately, by model name. */
export class RecentPrefixes {
  private readonly models = new LRUCache<string, LRUCache<string, Known>>({ max: mostModels });

  /** `key` names the prefix. True: the longest one of this model is another one now. */
  note(model: string, key: string, toPrefix: () => PromptPrefix): boolean {
    const known = this.models.get(model) ?? new LRUCache<string, Known>({ max: prefixesOfModel });
    this.models.set(model, known);
    if (known.get(key)) return false;
    const prefix = toPrefix();
    const bytes = JSON.stringify(prefix).length;
    if (bytes < leastBytes || bytes > mostBytes) return false;
    const before = this.longest(model);
    known.set(key, { prefix, bytes });
    return this.longest(model) !== before;
  }

  longest(model: string): PromptPrefix | undefined {
    let best: Known | undefined;
    for (const known of this.models.get(model)?.values() ?? [])
      if (!best || known.bytes > best.bytes) best = known;
    return best?.prefix;
  }

  /** The longest of each model, for a file. */
  all(): [model: string, prefix: PromptPrefix][] {
    return [...this.models.keys()].flatMap((model) => {
      const prefix = this.longest(model);
      return prefix ? [[model, prefix] as [string, PromptPrefix]] : [];
    });
  }
}
