import { Controller, Delete, Get, Param, Query } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import type { DeletedEntries, EntryDetails, EntryPage } from "#service-contracts/cache-store.js";
import { parseEntryKey } from "#service-contracts/parse-entry-key.js";
import { CatalogService } from "./catalog.service.js";
import { parseFilter, parsePageQuery } from "./parse-entry-query.js";

@Controller("entries")
export class CatalogController {
  constructor(private readonly catalog: CatalogService) {}

  @Get()
  list(@Query() query: Record<string, unknown>): Promise<EntryPage> {
    return this.catalog.page(parsePageQuery(query, Date.now()));
  }

  @Get(":key/info")
  async details(@Param("key") key: string): Promise<EntryDetails> {
    const details = await this.catalog.details(parseEntryKey(key));
    if (!details) throw new ApiError("not_found_error", "No entry under this key");
    return details;
  }

  @Delete()
  async delete(@Query() query: Record<string, unknown>): Promise<DeletedEntries> {
    return { deleted: await this.catalog.deleteMatching(parseFilter(query, Date.now())) };
  }
}
