import { Controller, Get } from "@nestjs/common";
import type { CacheStats } from "#service-contracts/cache-store.js";
import { StatsService } from "./stats.service.js";

@Controller("stats")
export class StatsController {
  constructor(private readonly service: StatsService) {}

  @Get()
  stats(): Promise<CacheStats> {
    return this.service.stats();
  }
}
