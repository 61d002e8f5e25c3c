import { Controller, Get, Param, Query, UseGuards } from "@nestjs/common";
import type { ModelCard, ModelList } from "#service-contracts/model-card.js";
import { parseQuery } from "#platform/parse-query.js";
import { ApiKeyGuard } from "../access/api-key.guard.js";
import { ModelRouter } from "./model-router.js";
import { ModelsQuery } from "./models-query.js";
import { toModelPage, toPublicModel } from "./to-model-page.js";

@Controller("v1/models")
@UseGuards(ApiKeyGuard)
export class ModelsController {
  constructor(private readonly router: ModelRouter) {}

  @Get()
  async list(@Query() query: unknown): Promise<ModelList> {
    return toModelPage(await this.router.list(), parseQuery(ModelsQuery, query));
  }

  @Get(":id")
  async get(@Param("id") id: string): Promise<Omit<ModelCard, "fingerprint">> {
    return toPublicModel(await this.router.resolve(id));
  }
}
