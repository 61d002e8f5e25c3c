import { Controller, Get, Query } from "@nestjs/common";
import type { StoredKeysAnswer } from "#service-contracts/near-copies.js";
import { StoredKeysService } from "./stored-keys.service.js";

@Controller("stored-keys")
export class StoredKeysController {
  constructor(private readonly service: StoredKeysService) {}

  /** `?instance=`: whose changes the gateway hears. */
  @Get()
  tell(@Query("instance") instance: unknown): Promise<StoredKeysAnswer> {
    return this.service.tell(instance);
  }
}
