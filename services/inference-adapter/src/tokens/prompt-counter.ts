import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ServedModel } from "../backends/inference-backend.js";
import type { TokenCount } from "./model-counter.js";

/** Counts the tokens of requests for one backend. Never fails because the backend does. */
export abstract class PromptCounter {
  /**
   * `signal`: its client has left.
   * @throws ApiError where the request cannot be put to the model at all; the signal's reason
   */
  abstract count(request: CanonicalRequest, model: ServedModel, signal?: AbortSignal): Promise<TokenCount>;
  /** Takes in what the backend counted for a request that it has answered. Never throws. */
  abstract learn(request: CanonicalRequest, model: ServedModel, promptTokens: number): Promise<void>;
  /** Makes ready to count for a model ahead of its first request. Never throws. */
  abstract prepare(model: ServedModel): Promise<void>;
  abstract close(): Promise<void>;
}
