import { Controller, Get } from "@nestjs/common";
import { packageVersion } from "#platform/package-version.js";
import { GatewayConfig } from "./gateway.config.js";

@Controller()
export class RootController {
  constructor(private readonly config: GatewayConfig) {}

  @Get()
  about() {
    const { MODEL_NAME: model, CACHE_TTL } = this.config;
    return {
      status: "ok",
      service: "gateway",
      version: packageVersion(),
      model,
      cache: CACHE_TTL > 0 ? "on" : "off",
    };
  }
}
