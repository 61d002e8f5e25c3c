import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import type { JoinRule } from "#service-contracts/inference-headers.js";
import type { ModelCard } from "#service-contracts/model-card.js";

export interface InferenceCall {
  request: CanonicalRequest;
  /** The client's own JSON, of which `request` is the canonical form. */
  rawBody?: Buffer | undefined;
  model: ModelCard;
  /** Shares the generation with everybody who asks the same; undefined: a generation of its own. */
  key: string | undefined;
  joins: JoinRule;
  /** The client reads the answer only when it is whole. */
  isReadWhole: boolean;
  requestId: string;
  /** Hashes of who asks, for the adapter's queue. */
  session: string;
  conversation: string;
  /** Gives the call up before the adapter has accepted it; afterwards see `leave`. */
  signal: AbortSignal;
}

/** @throws ApiError what the adapter refuses with */
export type CreateMessage = (call: InferenceCall) => Promise<InferenceAnswer>;

export interface InferenceAnswer {
  fingerprint: string | undefined;
  servedModel: string;
  /** Where it was lowered to what the window leaves. */
  maxTokens: string | undefined;
  inputTokens: number;
  isJoined: boolean;
  /** Where what stands above is not known yet: the answer with it, once the server has begun. */
  later?: Promise<InferenceAnswer>;
  /** The client has left: the answer may go on only to be recorded. */
  leave: () => void;
  /** Nobody here needs it any more. */
  drop: () => void;
  /** Throws where the stream tells an error, breaks or falls silent. */
  events: AsyncGenerator<MessageStreamEvent>;
}
