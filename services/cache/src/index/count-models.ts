import type { CacheStats } from "#service-contracts/cache-store.js";
import type { IndexedEntry } from "../entries/entry-facts.js";
import type { IndexBatch } from "./entry-index.js";

export type ModelStats = CacheStats["models"][string];

export interface IndexTotals {
  entries: number;
  bytes: number;
  models: Record<string, ModelStats>;
}

/** Sums over stored entries; what a hit saved is what its answer had cost. */
export async function countModels(batches: AsyncIterable<IndexBatch>): Promise<IndexTotals> {
  const models = new Map<string, ModelStats>();
  const totals = { entries: 0, bytes: 0 };
  for await (const { entries } of batches)
    for (const entry of entries) {
      totals.entries += 1;
      totals.bytes += entry.facts.bytes;
      models.set(entry.facts.model, addEntry(models.get(entry.facts.model), entry));
    }
  return { ...totals, models: Object.fromEntries(models) };
}

function addEntry(sum: ModelStats | undefined, { facts, hits: { count } }: IndexedEntry): ModelStats {
  return {
    entries: (sum?.entries ?? 0) + 1,
    bytes: (sum?.bytes ?? 0) + facts.bytes,
    hits: (sum?.hits ?? 0) + count,
    saved_tokens: (sum?.saved_tokens ?? 0) + count * (facts.inputTokens + facts.outputTokens),
    saved_gpu_seconds: (sum?.saved_gpu_seconds ?? 0) + count * facts.gpuSeconds,
  };
}
