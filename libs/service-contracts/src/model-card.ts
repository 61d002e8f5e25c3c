/** One model in `GET /v1/models`, in Anthropic's shape. The adapter adds the last two; the gateway keeps them inside. */
export interface ModelCard {
  type: "model";
  id: string;
  display_name: string;
  /** RFC 3339. */
  created_at: string;
  /** The context window in tokens that is really configured. */
  max_input_tokens: number;
  /** The most output tokens of one answer. */
  max_tokens: number;
  /**
   * An opaque value over what would answer: model digest, window, mode and translation version. Absent from
   * a server that is not our adapter.
   */
  fingerprint?: string;
  /** Our adapter reads what the client wrote; one of an older version only what the gateway made of it. */
  takes_client_json?: boolean;
}

export interface ModelList {
  data: ModelCard[];
  /** From our adapter: names of models that are there too, and whose backend has not told yet what they are. */
  undescribed?: string[];
  has_more: boolean;
  first_id: string | null;
  last_id: string | null;
}

/** What a gateway knows of the models. */
export interface ListedModels {
  models: ModelCard[];
  /** See `ModelList`. */
  undescribed: string[];
}

/** Of a foreign server only what nothing works without is asked for. */
export function isModelCard(value: unknown): value is ModelCard {
  const { id, fingerprint } = (value ?? {}) as Partial<Record<keyof ModelCard, unknown>>;
  return (
    typeof id === "string" && id !== "" && (fingerprint === undefined || typeof fingerprint === "string")
  );
}
