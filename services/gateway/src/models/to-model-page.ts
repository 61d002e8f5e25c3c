import type { ModelCard, ModelList } from "#service-contracts/model-card.js";
import type { ModelsQuery } from "./models-query.js";

type PublicModel = Omit<ModelCard, "fingerprint" | "takes_client_json">;

/** One page of the models, as Anthropic pages: after or before an id, 20 by default. */
export function toModelPage(
  listed: ModelCard[],
  { limit = 20, before_id, after_id }: ModelsQuery,
): ModelList {
  const models = listed.toSorted(compareModels);
  const indexOf = (id: string | undefined) => models.findIndex((model) => model.id === id);
  const start = after_id === undefined ? 0 : indexOf(after_id) + 1;
  const end = before_id === undefined || indexOf(before_id) === -1 ? models.length : indexOf(before_id);
  const range = models.slice(start, end);
  const page = before_id === undefined ? range.slice(0, limit) : range.slice(-limit);
  const data = page.map(toPublicModel);
  return {
    data,
    has_more: page.length < range.length,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
  };
}

/** Newest first. Ollama's own order changes from one list to the next where models came in the same second. */
function compareModels(one: ModelCard, other: ModelCard): number {
  return Date.parse(other.created_at) - Date.parse(one.created_at) || (one.id < other.id ? -1 : 1);
}

export function toPublicModel(card: ModelCard): PublicModel {
  const { fingerprint: _inner, takes_client_json: _ours, ...model } = card;
  return model;
}
