import { Controller, Get, Head, Header, Res } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { ApiError } from "#anthropic/errors.js";
import { ChangeFeed, changesType } from "./change-feed.js";

@Controller("changes")
export class ChangesController {
  constructor(private readonly feed: ChangeFeed) {}

  /** Before the other: Fastify would answer it with the endless one, and so never. */
  @Head()
  @Header("content-type", changesType)
  @Header("cache-control", "no-store")
  head(): void {}

  /** One `ChangeLine` a line, without an end. */
  @Get()
  follow(@Res() reply: FastifyReply): void {
    if (!this.feed.open(reply.raw)) throw new ApiError("overloaded_error", "The service is shutting down");
    reply.hijack();
  }
}
