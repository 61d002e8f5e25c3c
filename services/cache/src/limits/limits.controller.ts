import { Body, Controller, HttpCode, Param, Post } from "@nestjs/common";
import type { ChargeAnswer } from "#service-contracts/rate-limits.js";
import { LimitsService } from "./limits.service.js";
import { parseChargeRequest, parseKeyName } from "./parse-charge-request.js";

@Controller("limits")
export class LimitsController {
  constructor(private readonly limits: LimitsService) {}

  @Post(":name")
  @HttpCode(200)
  async charge(@Param("name") name: string, @Body() body: unknown): Promise<ChargeAnswer> {
    const { charges } = parseChargeRequest(body);
    return { counts: await this.limits.charge(parseKeyName(name), charges) };
  }
}
