/** Which entries are meant; without any member all of them. */
export interface EntryFilter {
  /** A name without a tag means every tag of it. */
  model?: string;
  tenant?: string;
  /** Milliseconds since the epoch: entries stored before that. */
  storedBefore?: number;
}

export interface FilteredFacts {
  /** With its tag. */
  model: string;
  tenant: string;
  /** Milliseconds since the epoch. */
  storedAt: number;
}

export function matches(facts: FilteredFacts, { model, tenant, storedBefore }: EntryFilter): boolean {
  return (
    (model === undefined || isNamed(facts.model, model)) &&
    (tenant === undefined || facts.tenant === tenant) &&
    (storedBefore === undefined || facts.storedAt < storedBefore)
  );
}

function isNamed(model: string, wanted: string): boolean {
  return model === wanted || (!wanted.includes(":") && model.startsWith(`${wanted}:`));
}
