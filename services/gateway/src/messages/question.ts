import type { EventEmitter } from "node:events";
import type { IncomingHttpHeaders } from "node:http";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ClientPresence } from "#platform/abort-on-disconnect.js";
import type { ModelCard } from "#service-contracts/model-card.js";
import type { CachePolicy } from "../caching/is-cacheable.js";
import type { RequestParts } from "../caching/request-parts.js";

export interface Caller {
  headers: IncomingHttpHeaders;
  tenant: string;
  requestId: string;
  client: Pick<ClientPresence, "isGone" | "signal">;
  /** The request's body as it came, until it has been passed on. */
  rawBody?: Buffer | undefined;
  /** The connection that the request came on. */
  connection: EventEmitter;
}

/** One request with all that was found out about it before anybody was asked. */
export interface Question {
  /** The name that the client asked for. */
  requestedModel: string;
  isStream: boolean;
  model: ModelCard;
  policy: CachePolicy;
  caller: Caller;
  /** Who may read the answer. */
  tenant: string;
  /** What the model gets. */
  canonical: CanonicalRequest;
  /** What the key is made of, where it is to be stored too: the canonical request, normalised as is configured. */
  stored: CanonicalRequest | undefined;
  parts: RequestParts;
  requestHash: string;
  key: string;
  /** Identical questions in flight share one generation under this key; undefined: one of its own. */
  generationKey: string | undefined;
  /** The asker's Claude Code folder, where it is masked in the key. */
  home: string | undefined;
  /** Ids that the client writes into the conversation as text, which are masked in the key. */
  quotedIds: readonly string[];
  /** Names this session and this answer; undefined where the client names no session. */
  givenHash: string | undefined;
  /** As `generationKey`, for the answer after one that this session has had: others do not get it. */
  refreshKey: string | undefined;
}

/** A question while its answer comes: what the model was given is large, and some answers take minutes. */
export type AskedQuestion = Omit<Question, "canonical">;
