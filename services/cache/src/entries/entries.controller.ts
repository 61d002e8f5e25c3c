import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put, Query, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { ApiError, type ErrorBody } from "#anthropic/errors.js";
import { cacheHeaders } from "#service-contracts/cache-headers.js";
import type { StoreAnswer, StoresRequest } from "#service-contracts/cache-store.js";
import { CacheConfig } from "../cache.config.js";
import { parseGivenHash } from "../given/parse-given-hash.js";
import { encodeCopy } from "./encode-copy.js";
import { EntriesService } from "./entries.service.js";
import { parseEntryKey } from "./parse-entry-key.js";
import { parseStoreRequest, parseStoresRequest } from "./parse-store-request.js";
import { parseTtlSeconds } from "./parse-ttl-seconds.js";

/** Redis takes a bounded number of commands at a time, and lookups want to go between them. */
const storedAtOnce = 8;

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
    const ttlSeconds = parseTtlSeconds(ttl, this.config.CACHE_MAX_TTL);
    await this.entries.put(parseEntryKey(key), parseStoreRequest(body), ttlSeconds);
  }

  /** A `StoresRequest` → a `StoreAnswer`. */
  @Post()
  @HttpCode(200)
  async putAll(@Body() body: unknown): Promise<StoreAnswer> {
    const stores = parseStoresRequest(body);
    const stored: boolean[] = [];
    for (let at = 0; at < stores.length; at += storedAtOnce)
      stored.push(
        ...(await Promise.all(stores.slice(at, at + storedAtOnce).map((store) => this.putOne(store)))),
      );
    return { stored };
  }

  @Delete(":key")
  @HttpCode(204)
  async delete(@Param("key") key: string): Promise<void> {
    await this.entries.delete(parseEntryKey(key));
  }

  private async putOne({ key, ttl, request }: Partial<StoresRequest["stores"][number]>): Promise<boolean> {
    try {
      await this.put(String(key), String(ttl), request);
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return false;
    }
  }
}

const noEntry = new ApiError("not_found_error", "No entry under this key");

/** Not thrown: every miss comes here, and an exception costs more than the lookup. */
function refuse(reply: FastifyReply): ErrorBody {
  reply.status(noEntry.status).headers(noEntry.toHeaders());
  return noEntry.toBody(reply.request.id);
}
