import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { ApiError, type ErrorBody } from "#anthropic/errors.js";
import { cacheHeaders } from "#service-contracts/cache-headers.js";
import type { Store, StoreAnswer } from "#service-contracts/cache-store.js";
import { parseEntryKey } from "#service-contracts/parse-entry-key.js";
import { CacheConfig } from "../cache.config.js";
import { parseGivenHash } from "../given/parse-given-hash.js";
import { encodeCopy } from "./encode-copy.js";
import { EntriesService } from "./entries.service.js";
import { parseStoreRequest, parseStoresRequest } from "./parse-store-request.js";
import { parseTtlSeconds } from "./parse-ttl-seconds.js";

@Controller("entries")
export class EntriesController {
  constructor(
    private readonly entries: EntriesService,
    private readonly config: CacheConfig,
  ) {}

  @Get(":key")
  async get(
    @Param("key") key: string,
    @Query("given") given: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer | ErrorBody> {
    const hash = given === undefined ? undefined : parseGivenHash(given);
    const found = await this.entries.get(parseEntryKey(key), hash);
    if (found === "given") reply.header(cacheHeaders.given, "true");
    if (!found || found === "given") return refuse(reply);
    reply.headers({ "content-type": "application/json; charset=utf-8", [cacheHeaders.tier]: found.tier });
    return found.text;
  }

  /** An `EntryCopy`. */
  @Get(":key/copy")
  async copy(
    @Param("key") key: string,
    @Query("given") given: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer | ErrorBody> {
    const hash = given === undefined ? undefined : parseGivenHash(given);
    const found = await this.entries.getCopy(parseEntryKey(key), hash);
    if (found === "given") reply.header(cacheHeaders.given, "true");
    if (!found || found === "given") return refuse(reply);
    reply.header("content-type", "application/json; charset=utf-8");
    return encodeCopy(found);
  }

  @Put(":key")
  @HttpCode(204)
  async put(@Param("key") key: string, @Query("ttl") ttl: unknown, @Body() body: unknown): Promise<void> {
    const { key: parsedKey, request, ttlSeconds } = this.parseStore(key, ttl, body);
    await this.entries.put(parsedKey, request, ttlSeconds);
  }

  /** A `StoresRequest` → a `StoreAnswer`. */
  @Post()
  @HttpCode(200)
  async putAll(@Body() body: unknown): Promise<StoreAnswer> {
    const stores = parseStoresRequest(body).map((store) => this.readStore(store));
    const stored = await this.entries.putAll(stores.filter((store) => store !== undefined));
    return { stored: stores.map((store) => store !== undefined && stored.shift() === true) };
  }

  @Delete(":key")
  @HttpCode(204)
  async delete(@Param("key") key: string): Promise<void> {
    await this.entries.delete(parseEntryKey(key));
  }

  /** Undefined where it cannot be stored. */
  private readStore({ key, ttlSeconds, request }: Partial<Record<keyof Store, unknown>>): Store | undefined {
    const ttl = typeof ttlSeconds === "number" ? String(ttlSeconds) : ttlSeconds;
    try {
      return this.parseStore(key, ttl, request);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return undefined;
    }
  }

  /** @throws ApiError `invalid_request_error` */
  private parseStore(key: unknown, ttl: unknown, body: unknown): Store {
    const ttlSeconds = parseTtlSeconds(ttl, this.config.CACHE_MAX_TTL);
    return { key: parseEntryKey(key), ttlSeconds, request: parseStoreRequest(body) };
  }
}

const noEntry = new ApiError("not_found_error", "No entry under this key");

/** Not thrown: every miss comes here, and an exception costs more than the lookup. */
function refuse(reply: FastifyReply): ErrorBody {
  reply.status(noEntry.status).headers(noEntry.toHeaders());
  return noEntry.toBody(reply.request.id);
}
