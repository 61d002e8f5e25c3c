import { Controller, Get, Headers, Param } from "@nestjs/common";
import type { ModelCard, ModelList } from "#service-contracts/model-card.js";
import { ModelsService } from "./models.service.js";
import { toModelCard } from "./to-model-card.js";

@Controller("v1/models")
export class ModelsController {
  constructor(private readonly models: ModelsService) {}

  @Get()
  async list(): Promise<ModelList> {
    const data = (await this.models.list()).map(toModelCard);
    const { undescribedNames: undescribed } = this.models;
    return {
      data,
      ...(undescribed.length > 0 ? { undescribed } : {}),
      has_more: false,
      first_id: data[0]?.id ?? null,
      last_id: data.at(-1)?.id ?? null,
    };
  }

  /** With `cache-control: no-cache` as the backend has it now, where it says so in time. */
  @Get(":id")
  async get(@Param("id") id: string, @Headers("cache-control") caching = ""): Promise<ModelCard> {
    if (caching === "no-cache") await this.models.lookAgain();
    return toModelCard(await this.models.find(id));
  }
}
