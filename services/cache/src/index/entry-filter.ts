import type { EntryFacts } from "../entries/entry-facts.js";

export interface EntryFilter {
  /** A name without a tag means every tag of it. */
  model?: string;
  tenant?: string;
  /** Milliseconds since the epoch: entries stored before that. */
  storedBefore?: number;
}

export function matches(facts: EntryFacts, { model, tenant, storedBefore }: EntryFilter): boolean {
  return (
    (model === undefined || isNamed(facts.model, model)) &&
    (tenant === undefined || facts.tenant === tenant) &&
    (storedBefore === undefined || facts.storedAt < storedBefore)
  );
}

function isNamed(model: string, wanted: string): boolean {
  return model === wanted || (!wanted.includes(":") && model.startsWith(`${wanted}:`));
}
