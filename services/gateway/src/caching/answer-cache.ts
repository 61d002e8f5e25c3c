import { Injectable } from "@nestjs/common";
import type { Message } from "#anthropic/messages.js";
import type { Neighbour } from "#service-contracts/cache-store.js";
import { type StoredEntry, storedEntryVersion } from "#service-contracts/stored-entry.js";
import { GatewayConfig } from "../gateway.config.js";
import type { InferenceAnswer } from "../inference/inference.client.js";
import type { Question } from "../messages/question.js";
import type { Recording } from "../messages/record-message.js";
import { CacheClient } from "./cache.client.js";
import { toCacheKey } from "./cache-key.js";
import { hashPaths } from "./hash-paths.js";
import { maskHome, unmaskHome } from "./mask-home.js";
import { replayMessage } from "./replay-message.js";

export interface Found {
  entry: StoredEntry;
  /** The answer as this asker gets it. */
  message: Message;
}

/** The cache in terms of questions and answers. */
@Injectable()
export class AnswerCache {
  /** Known to all gateways of one configuration and not to Redis. Without any key it hides nothing. */
  private readonly pathSecret: string;

  constructor(
    private readonly config: GatewayConfig,
    private readonly cache: CacheClient,
  ) {
    this.pathSecret = `paths ${config.API_KEYS} ${config.ADMIN_KEY}`;
  }

  /** "given": this session has had the answer whole, so it wants another one. Undefined is a miss. */
  async find(question: Question): Promise<Found | "given" | undefined> {
    const { policy, key, givenHash, home, request } = question;
    if (!policy.isRead) return undefined;
    // Who takes stored answers only gets the one there is, for the second time too.
    const entry = await this.cache.get(key, policy.onlyIfCached ? undefined : givenHash);
    if (entry === undefined || entry === "given") return entry;
    if ((Date.now() - entry.storedAt) / 1000 > policy.maxAgeSeconds) return undefined;
    return { entry, message: replayMessage(unmaskHome(entry.message, home), request.model) };
  }

  /** Stores a whole answer under what really answered. False where it could not be. */
  store(question: Question, answer: InferenceAnswer, { message, timings }: Recording): Promise<boolean> {
    const { requestHash, tenant, model, policy, home, normalized } = question;
    const fingerprint = answer.fingerprint ?? model.fingerprint ?? model.id;
    const entry: StoredEntry = {
      version: storedEntryVersion,
      storedAt: Date.now(),
      servedModel: answer.servedModel,
      gpuSeconds: (timings?.prefill_seconds ?? 0) + (timings?.decode_seconds ?? 0),
      message: maskHome(message, home),
    };
    const request = this.config.CACHE_STORE_PROMPTS ? { request: normalized } : {};
    const stored = { entry, tenant, paths: hashPaths(normalized, this.pathSecret), ...request };
    return this.cache.put(toCacheKey(requestHash, { tenant, fingerprint }), stored, policy.ttlSeconds);
  }

  /** The session has had this answer whole. */
  async markGiven({ givenHash, policy }: Question): Promise<void> {
    if (givenHash !== undefined && policy.isStored) await this.cache.markGiven(givenHash);
  }

  /** The stored question that is nearest to this one, and where the two part. */
  nearest({ normalized, tenant, key }: Question): Promise<Neighbour | undefined> {
    return this.cache.nearest({ tenant, paths: hashPaths(normalized, this.pathSecret), except: key });
  }
}
