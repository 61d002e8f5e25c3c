import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { ApiError } from "#anthropic/errors.js";
import { cacheHeaders } from "#service-contracts/cache-headers.js";
import { CacheConfig } from "../cache.config.js";
import { parseGivenHash } from "../given/parse-given-hash.js";
import { encodeCopy } from "./encode-copy.js";
import { EntriesService } from "./entries.service.js";
import { parseEntryKey } from "./parse-entry-key.js";
import { parseStoreRequest } from "./parse-store-request.js";
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
  ): Promise<Buffer> {
    const hash = given === undefined ? undefined : parseGivenHash(given);
    const found = await this.entries.get(parseEntryKey(key), hash);
    if (found === "given") reply.header(cacheHeaders.given, "true");
    if (!found || found === "given") throw new ApiError("not_found_error", "No entry under this key");
    reply.headers({ "content-type": "application/json; charset=utf-8", [cacheHeaders.tier]: found.tier });
    return found.text;
  }

  /** An `EntryCopy`. */
  @Get(":key/copy")
  async copy(
    @Param("key") key: string,
    @Query("given") given: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Buffer> {
    const hash = given === undefined ? undefined : parseGivenHash(given);
    const found = await this.entries.getCopy(parseEntryKey(key), hash);
    if (found === "given") reply.header(cacheHeaders.given, "true");
    if (!found || found === "given") throw new ApiError("not_found_error", "No entry under this key");
    reply.header("content-type", "application/json; charset=utf-8");
    return encodeCopy(found);
  }

  @Put(":key")
  @HttpCode(204)
  async put(@Param("key") key: string, @Query("ttl") ttl: unknown, @Body() body: unknown): Promise<void> {
    const ttlSeconds = parseTtlSeconds(ttl, this.config.CACHE_MAX_TTL);
    await this.entries.put(parseEntryKey(key), parseStoreRequest(body), ttlSeconds);
  }

  @Delete(":key")
  @HttpCode(204)
  async delete(@Param("key") key: string): Promise<void> {
    await this.entries.delete(parseEntryKey(key));
  }
}
