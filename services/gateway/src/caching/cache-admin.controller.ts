import { Controller, Delete, Get, HttpCode, Param, Query, UseGuards } from "@nestjs/common";
import { parseEntryKey } from "#service-contracts/parse-entry-key.js";
import { AdminGuard } from "../access/admin.guard.js";
import { InferenceClient } from "../inference/inference.client.js";
import { CacheAdminClient } from "./cache-admin.client.js";
import { parseClearFilter } from "./parse-clear-filter.js";

/** What is in the cache, for its operator. The cache service does the work. */
@Controller("cache")
@UseGuards(AdminGuard)
export class CacheAdminController {
  constructor(
    private readonly cache: CacheAdminClient,
    private readonly inference: InferenceClient,
  ) {}

  @Get("stats")
  stats(): Promise<unknown> {
    return this.cache.ask("GET", "/stats");
  }

  @Get("entries")
  list(@Query() query: Record<string, string>): Promise<unknown> {
    return this.cache.ask("GET", "/entries", query);
  }

  @Get("entries/:key")
  async inspect(@Param("key") key: string): Promise<unknown> {
    return this.cache.ask("GET", `/entries/${parseEntryKey(key)}/info`);
  }

  @Get("entries/:key/why")
  async why(@Param("key") key: string): Promise<unknown> {
    return this.cache.ask("GET", `/entries/${parseEntryKey(key)}/why`);
  }

  @Delete("entries/:key")
  @HttpCode(204)
  async delete(@Param("key") key: string): Promise<void> {
    const path = `/entries/${parseEntryKey(key)}`;
    await this.inference.forgetFinished();
    await this.cache.ask("DELETE", path);
  }

  @Delete()
  async clear(@Query() query: Record<string, unknown>): Promise<unknown> {
    const filter = parseClearFilter(query);
    await this.inference.forgetFinished();
    return this.cache.ask("DELETE", "/entries", filter);
  }
}
