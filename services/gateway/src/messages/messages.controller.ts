import { Body, Controller, HttpCode, Post, type RawBodyRequest, Req, Res, UseGuards } from "@nestjs/common";
import type { FastifyReply, FastifyRequest } from "fastify";
import { ClientPresence } from "#platform/abort-on-disconnect.js";
import { letGoOfBody } from "#platform/body-budget.js";
import { takeBody } from "#platform/take-body.js";
import { ApiKeyGuard, Tenant } from "../access/api-key.guard.js";
import { RateLimits } from "../access/rate-limits/rate-limits.service.js";
import { MessageReply } from "./message-reply.js";
import { MessagesService } from "./messages.service.js";

@Controller("v1/messages")
@UseGuards(ApiKeyGuard)
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly limits: RateLimits,
    private readonly reply: MessageReply,
  ) {}

  @Post()
  @HttpCode(200)
  async create(
    @Tenant() tenant: string,
    @Req() request: RawBodyRequest<FastifyRequest>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { headers, id: requestId, socket: connection } = request;
    const client = new ClientPresence(reply.raw);
    const caller = { headers, tenant, requestId, client, rawBody: request.rawBody, connection };
    request.rawBody = undefined;
    const exchange = await this.reply.send(reply, caller, async (known) => {
      // Here, and in no guard: what a limit refuses is logged and counted as well.
      if (!this.limits.areOff) await this.limits.admit(tenant, (told) => reply.headers(told));
      const answer = await this.messages.create(takeBody(request), caller, known);
      letGoOfBody(reply.raw);
      return answer;
    });
    if (exchange.isGiven) this.messages.noteSent(exchange);
  }

  @Post("count_tokens")
  @HttpCode(200)
  countTokens(@Body() body: unknown): Promise<{ input_tokens: number }> {
    return this.messages.countTokens(body);
  }
}
