import { Controller, Get, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { ApiError } from "#anthropic/errors.js";
import { ChangeFeed } from "./change-feed.js";

@Controller("changes")
export class ChangesController {
  constructor(private readonly feed: ChangeFeed) {}

  /** One `ChangeLine` a line, without an end. */
  @Get()
  follow(@Res() reply: FastifyReply): void {
    if (!this.feed.open(reply.raw)) throw new ApiError("overloaded_error", "The service is shutting down");
    reply.hijack();
  }
}
