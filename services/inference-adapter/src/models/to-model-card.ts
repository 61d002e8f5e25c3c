import type { ModelCard } from "#service-contracts/model-card.js";
import type { ServedModel } from "../backends/inference-backend.js";

export function toModelCard({ name, modifiedAt, contextLength, fingerprint }: ServedModel): ModelCard {
  return {
    type: "model",
    id: name,
    display_name: name,
    created_at: modifiedAt,
    max_input_tokens: contextLength,
    max_tokens: contextLength,
    fingerprint,
    takes_client_json: true,
  };
}
