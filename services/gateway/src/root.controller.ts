import { Controller, Get, Headers, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { packageVersion } from "#platform/package-version.js";
import { GatewayConfig } from "./gateway.config.js";
import { statusPage, statusPageHeaders } from "./status-page/status-page.js";

@Controller()
export class RootController {
  constructor(private readonly config: GatewayConfig) {}

  /** A browser gets the status page, everybody else a line of JSON. */
  @Get()
  about(@Headers("accept") accept: string = "", @Res({ passthrough: true }) reply: FastifyReply) {
    if (accept.includes("text/html")) {
      reply.headers(statusPageHeaders);
      return statusPage;
    }
    reply.header("vary", "accept");
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
