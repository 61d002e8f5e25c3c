import { Body, Controller, HttpCode, Post } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import type { Neighbour } from "#service-contracts/cache-store.js";
import { NeighboursService } from "./neighbours.service.js";
import { parseNeighbourRequest } from "./parse-neighbour-request.js";

@Controller("neighbours")
export class NeighboursController {
  constructor(private readonly neighbours: NeighboursService) {}

  @Post()
  @HttpCode(200)
  async find(@Body() body: unknown): Promise<Neighbour> {
    const nearest = await this.neighbours.findNearest(parseNeighbourRequest(body));
    if (!nearest) throw new ApiError("not_found_error", "Nothing to compare with is stored");
    return nearest;
  }
}
