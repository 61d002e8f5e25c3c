import { Body, Controller, Get, HttpCode, Param, Post } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import type { Neighbour } from "#service-contracts/cache-store.js";
import { parseEntryKey } from "#service-contracts/parse-entry-key.js";
import { NeighboursService } from "./neighbours.service.js";
import { parseNeighbourRequest } from "./parse-neighbour-request.js";

@Controller()
export class NeighboursController {
  constructor(private readonly neighbours: NeighboursService) {}

  @Get("entries/:key/why")
  async explain(@Param("key") key: string): Promise<Neighbour> {
    const nearest = await this.neighbours.explain(parseEntryKey(key));
    if (!nearest) throw new ApiError("not_found_error", "No such entry, or none to compare it with");
    return nearest;
  }

  @Post("neighbours")
  @HttpCode(200)
  async find(@Body() body: unknown): Promise<Neighbour> {
    const nearest = await this.neighbours.findNearest(parseNeighbourRequest(body));
    if (!nearest) throw new ApiError("not_found_error", "Nothing to compare with is stored");
    return nearest;
  }
}
