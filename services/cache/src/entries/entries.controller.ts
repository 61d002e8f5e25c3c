import { Body, Controller, Delete, Get, HttpCode, Param, Put, Query, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { ApiError } from "#anthropic/errors.js";
import { CacheConfig } from "../cache.config.js";
import { EntriesService } from "./entries.service.js";
import { parseEntryKey } from "./parse-entry-key.js";
import { parseTtlSeconds } from "./parse-ttl-seconds.js";

@Controller("entries")
export class EntriesController {
  constructor(
    private readonly entries: EntriesService,
    private readonly config: CacheConfig,
  ) {}

  @Get(":key")
  async get(@Param("key") key: string, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const found = await this.entries.get(parseEntryKey(key));
    if (!found) throw new ApiError("not_found_error", "No entry under this key");
    reply.headers({ "content-type": "application/json; charset=utf-8", "x-cache-tier": found.tier });
    return found.text;
  }

  /** The body is JSON and is kept as it came, see `JsonText`. */
  @Put(":key")
  @HttpCode(204)
  async put(@Param("key") key: string, @Query("ttl") ttl: unknown, @Body() text?: string): Promise<void> {
    const ttlSeconds = parseTtlSeconds(ttl, this.config.CACHE_MAX_TTL);
    if (!text) throw new ApiError("invalid_request_error", "The request body is empty");
    await this.entries.put(parseEntryKey(key), text, ttlSeconds);
  }

  @Delete(":key")
  @HttpCode(204)
  async delete(@Param("key") key: string): Promise<void> {
    await this.entries.delete(parseEntryKey(key));
  }
}
