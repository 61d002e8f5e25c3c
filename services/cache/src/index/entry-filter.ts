import type { EntryFacts } from "../entries/entry-facts.js";

export interface EntryFilter {
  model?: string;
  tenant?: string;
  /** Milliseconds since the epoch: entries stored before that. */
  storedBefore?: number;
}

export function matches(facts: EntryFacts, { model, tenant, storedBefore }: EntryFilter): boolean {
  return (
    (model === undefined || facts.model === model) &&
    (tenant === undefined || facts.tenant === tenant) &&
    (storedBefore === undefined || facts.storedAt < storedBefore)
  );
}
