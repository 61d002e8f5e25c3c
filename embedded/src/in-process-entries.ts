import type { RunningService } from "#platform/bootstrap.js";
import { EntriesService } from "../../services/cache/src/entries/entries.service.js";
import type { EntryStore, FoundEntry } from "../../services/gateway/src/caching/entry-store.js";

/** The cache service of this process, asked as over HTTP. */
export function toEntryStore({ app }: RunningService): EntryStore {
  const entries = app.get(EntriesService);
  return {
    async find(key, givenHash, isForCopy): Promise<FoundEntry | "given" | undefined> {
      try {
        const found = await (isForCopy ? entries.getCopy(key, givenHash) : entries.get(key, givenHash));
        if (!found || found === "given") return found;
        return { entry: JSON.parse(found.text.toString()), terms: "terms" in found ? found.terms : null };
      } catch {
        return undefined;
      }
    },
    untilReachable: () => Promise.resolve(),
    put: (stores) => entries.putAll(stores),
  };
}
