/** Headers between gateway and inference adapter, beside those of the Messages API itself. */
export const inferenceHeaders = {
  /** Request: the cache key. */
  cacheKey: "x-cache-key",
  /** Request: the model, URL-encoded, where the body is the client's own and may name it otherwise. */
  model: "x-model",
  /** Request: a `JoinRule`. */
  join: "x-join",
  /** Request: a hash that names the client's session, so that sessions can take turns. */
  session: "x-session",
  /** Request: a hash that names a conversation of the session: its prompts begin alike. */
  conversation: "x-conversation",
  /** Request: `whole`: nobody reads the answer while it is written, so texts that come together may be one. */
  reading: "x-reading",
  /** Answer: the fingerprint of what answers, see `ModelCard`. */
  fingerprint: "x-fingerprint",
  /** Answer: the name of the model that answers, URL-encoded; at the gateway in plain text where a header takes it. */
  servedModel: "x-served-model",
  /** Answer: the output limit in tokens, where the adapter lowered it. */
  maxTokens: "x-max-tokens",
  /** Answer: the prompt's length in tokens, as counted before the model ran. */
  inputTokens: "x-input-tokens",
  /** Answer: `started`, or `joined` where the same question was in flight already. */
  generation: "x-generation",
  /** Answer: names this reader of the generation for `POST /subscriptions/{id}/detach`. */
  subscription: "x-subscription",
  /** Both ways: one name for the request in all logs. */
  requestId: "request-id",
} as const;

/**
 * Which generation of the same question a request may join; a finished one stands a while for retries. `any`, only one
 * whose answer no client has had whole (`undelivered`), or only one that still runs (`running`).
 */
const joinRules = ["any", "undelivered", "running"] as const;
export type JoinRule = (typeof joinRules)[number];

/** Without the header, or with another value: `any`. */
export function toJoinRule(header: unknown): JoinRule {
  return joinRules.find((rule) => rule === header) ?? "any";
}
