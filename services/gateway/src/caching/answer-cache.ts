import { Injectable } from "@nestjs/common";
import type { Message } from "#anthropic/messages.js";
import type { Neighbour } from "#service-contracts/cache-store.js";
import { type StoredEntry, storedEntryVersion } from "#service-contracts/stored-entry.js";
import { ApiKeys } from "../access/api-keys.js";
import { GatewayConfig } from "../gateway.config.js";
import type { InferenceAnswer } from "../inference/inference-call.js";
import type { AskedQuestion, Question } from "../messages/question.js";
import type { Recording } from "../messages/record-message.js";
import { CacheClient } from "./cache.client.js";
import { toCacheKey } from "./cache-key.js";
import { maskHome, unmaskHome } from "./mask-home.js";
import { Replay } from "./replay.js";
import { toPathHashes } from "./request-parts.js";

export interface Found {
  entry: StoredEntry;
  /** The answer as this asker gets it. */
  replay: Replay;
}

/** The cache in terms of questions and answers. */
@Injectable()
export class AnswerCache {
  /** Known to all gateways of one configuration and not to Redis. Without any secret it hides nothing. */
  private readonly pathSecret: string;
  /** Of entries that are kept near: an entry from elsewhere is another object each time. */
  private readonly replays = new WeakMap<Message, Replay>();

  constructor(
    config: GatewayConfig,
    private readonly cache: CacheClient,
    keys: ApiKeys,
  ) {
    this.pathSecret = ["paths", keys.secret, config.ADMIN_KEY, config.INNER_TOKEN].join(" ");
  }

  /** "given": this session has had the answer whole, so it wants another one. Undefined is a miss. */
  async find(question: Question): Promise<Found | "given" | undefined> {
    const { policy, key, givenHash, home } = question;
    if (!policy.isRead) return undefined;
    // Who takes stored answers only gets the one there is, for the second time too.
    const { onlyIfCached, isDebug } = policy;
    const entry = await this.cache.get(key, onlyIfCached ? undefined : givenHash, onlyIfCached || isDebug);
    if (entry === undefined || entry === "given") return entry;
    if (!isYoung(entry, policy.maxAgeSeconds)) return undefined;
    return { entry, replay: this.toReplay(unmaskHome(entry.message, home)) };
  }

  private toReplay(message: Message): Replay {
    const known = this.replays.get(message);
    if (known) return known;
    const replay = new Replay(message);
    this.replays.set(message, replay);
    return replay;
  }

  /** Stores a whole answer under what really answered. False where it could not be. */
  store(question: AskedQuestion, answer: InferenceAnswer, { message, timings }: Recording): Promise<boolean> {
    const { requestHash, tenant, model, policy, home, stored: request, parts } = question;
    const fingerprint = answer.fingerprint ?? model.fingerprint ?? model.id;
    const entry: StoredEntry = {
      version: storedEntryVersion,
      storedAt: Date.now(),
      servedModel: answer.servedModel,
      gpuSeconds: (timings?.prefill_seconds ?? 0) + (timings?.decode_seconds ?? 0),
      message: maskHome(message, home),
    };
    const paths = toPathHashes(parts, fingerprint, this.pathSecret);
    const stored = { entry, tenant, paths, ...(request ? { request } : {}) };
    const key = toCacheKey(requestHash, { tenant, fingerprint });
    const answering = { name: answer.servedModel, fingerprint: answer.fingerprint };
    return this.cache.put({ key, request: stored, ttlSeconds: policy.ttlSeconds }, answering);
  }

  /** The session has had this answer whole. */
  markGiven({ key, givenHash, policy }: Pick<Question, "key" | "givenHash" | "policy">): Promise<void> {
    if (givenHash !== undefined && policy.isStored) this.cache.markGiven(key, givenHash);
    return Promise.resolve();
  }

  /** The stored question that is nearest to this one, and where the two part. */
  nearest({ parts, model, tenant, key }: Question): Promise<Neighbour | undefined> {
    const paths = toPathHashes(parts, model.fingerprint ?? model.id, this.pathSecret);
    return this.cache.nearest({ tenant, paths, except: key });
  }
}

const clockSkewSeconds = 1;

/** An entry that comes from another clock's future may have any age; by a moment all clocks differ. */
function isYoung({ storedAt }: StoredEntry, maxAgeSeconds: number): boolean {
  const ageSeconds = (Date.now() - storedAt) / 1000;
  return maxAgeSeconds === Infinity || (ageSeconds >= -clockSkewSeconds && ageSeconds <= maxAgeSeconds);
}
