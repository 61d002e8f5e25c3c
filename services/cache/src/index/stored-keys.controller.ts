import { Controller, Get } from "@nestjs/common";
import type { StoredKeysAnswer } from "#service-contracts/near-copies.js";
import { StoredKeysService } from "./stored-keys.service.js";

@Controller("stored-keys")
export class StoredKeysController {
  constructor(private readonly service: StoredKeysService) {}

  @Get()
  tell(): Promise<StoredKeysAnswer> {
    return this.service.tell();
  }
}
