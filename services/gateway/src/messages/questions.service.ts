import { Injectable } from "@nestjs/common";
import { hash } from "node:crypto";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import { parseMessagesRequest } from "#anthropic/parse-messages-request.js";
import type { ModelCard } from "#service-contracts/model-card.js";
import { noTenant } from "../access/find-tenant.js";
import { toCacheKey } from "../caching/cache-key.js";
import { isCacheable } from "../caching/is-cacheable.js";
import { maskQuotedIds } from "../caching/mask-quoted-ids.js";
import { normalizeRequest, parseNormalizations } from "../caching/normalize-request.js";
import { hashParts, toRequestParts } from "../caching/request-parts.js";
import { GatewayConfig } from "../gateway.config.js";
import { ModelRouter } from "../models/model-router.js";
import type { Caller, Question } from "./question.js";

/** A body → a question: which model it means, what its key is, what the cache may do for it. */
@Injectable()
export class QuestionsService {
  private readonly normalizations;

  constructor(
    private readonly config: GatewayConfig,
    private readonly router: ModelRouter,
  ) {
    this.normalizations = parseNormalizations(config.CACHE_NORMALIZE);
  }

  /** @throws ApiError what is wrong with the body, or that there is no such model */
  async read(body: unknown, caller: Caller): Promise<Question> {
    const request = parseMessagesRequest(body);
    const { CACHE_TTL: ttlSeconds, CACHE_MAX_TTL: maxTtlSeconds, CACHE_SAMPLED: cacheSampled } = this.config;
    const policy = isCacheable(request, caller.headers, { ttlSeconds, maxTtlSeconds, cacheSampled });
    const model = this.router.known(request.model) ?? (await this.router.resolve(request.model));
    const canonical = { ...toCanonicalRequest(request), model: model.id };
    const keys = this.toKeys(canonical, model, caller);
    return {
      requestedModel: request.model,
      isStream: request.stream === true,
      canonical,
      model,
      policy,
      caller,
      ...keys,
      generationKey: policy.isShared ? keys.generationKey : undefined,
    };
  }

  private toKeys(canonical: CanonicalRequest, model: ModelCard, caller: Caller) {
    const tenant = this.config.CACHE_SHARE_TENANTS ? noTenant : caller.tenant;
    const scope = { tenant, fingerprint: model.fingerprint ?? model.id };
    const { request: unquoted, quotedIds } = maskQuotedIds(
      canonical,
      caller.headers["x-claude-code-session-id"],
    );
    const { request: normalized, home } = normalizeRequest(unquoted, this.normalizations);
    const parts = toRequestParts(normalized);
    const requestHash = hashParts(parts);
    const key = toCacheKey(requestHash, scope);
    // Askers with other folders or ids share an entry, but not a generation: its events are not rewritten.
    const generationKey =
      normalized === canonical ? key : toCacheKey(hashParts(toRequestParts(canonical)), scope);
    const givenHash = toGivenHash(caller, key);
    return {
      tenant,
      stored: this.config.CACHE_STORE_PROMPTS ? normalized : undefined,
      parts,
      home,
      quotedIds,
      requestHash,
      key,
      generationKey,
      givenHash,
      refreshKey: generationKey === key ? givenHash : toGivenHash(caller, generationKey),
    };
  }
}

/** 128 bits: there are many of them, and they are told around. */
const lengthOfGivenHash = 32;

/** Names a session and an answer; undefined where the client names no session. */
export function toGivenHash({ headers }: Pick<Caller, "headers">, key: string): string | undefined {
  const session = headers["x-claude-code-session-id"];
  if (!session) return undefined;
  const parts = [session, headers["x-claude-code-agent-id"] ?? "", key];
  return hash("sha256", JSON.stringify(parts), "hex").slice(0, lengthOfGivenHash);
}
