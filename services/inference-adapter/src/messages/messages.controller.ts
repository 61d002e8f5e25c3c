import { Body, Controller, Headers, HttpCode, Post, Req, Res } from "@nestjs/common";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "#anthropic/errors.js";
import { abortOnDisconnect } from "#platform/abort-on-disconnect.js";
import { sendEventStream } from "#platform/event-stream-reply.js";
import { takeBody } from "#platform/take-body.js";
import { inferenceHeaders, toJoinRule } from "#service-contracts/inference-headers.js";
import { Subscriptions } from "../generations/subscriptions.js";
import { IdleWatch } from "../idle/idle-watch.js";
import { type CreatedMessage, MessagesService, type Sharing } from "./messages.service.js";

const pingIntervalMs = 10_000;

/** The same wire as the gateway's, but it always streams. */
@Controller("v1/messages")
export class MessagesController {
  constructor(
    private readonly messages: MessagesService,
    private readonly subscriptions: Subscriptions,
    private readonly idle: IdleWatch,
  ) {}

  @Post()
  @HttpCode(200)
  async create(
    @Headers() headers: IncomingHttpHeaders,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    this.idle.noteUse();
    const signal = abortOnDisconnect(reply.raw);
    const created = await this.messages.create(
      takeBody(request),
      {
        ...toSharing(headers),
        isReadWhole: headers[inferenceHeaders.reading] === "whole",
        model: toModelName(headers[inferenceHeaders.model]),
      },
      signal,
    );
    reply.headers(toHeaders(created));
    await sendEventStream(reply, this.subscriptions.read(created.subscription), {
      requestId: request.id,
      pingIntervalMs,
      signal,
      tellsAdvice: true,
    });
  }

  @Post("count_tokens")
  @HttpCode(200)
  countTokens(
    @Body() body: unknown,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<{ input_tokens: number }> {
    this.idle.noteUse();
    return this.messages.countTokens(body, abortOnDisconnect(reply.raw));
  }
}

function toHeaders(created: CreatedMessage): Record<string, string> {
  const { model, inputTokens, loweredMaxTokens, isJoined, subscription } = created;
  return {
    [inferenceHeaders.fingerprint]: model.fingerprint,
    [inferenceHeaders.servedModel]: encodeURIComponent(model.name.toWellFormed()),
    [inferenceHeaders.inputTokens]: String(inputTokens),
    [inferenceHeaders.generation]: isJoined ? "joined" : "started",
    [inferenceHeaders.subscription]: subscription.id,
    ...(loweredMaxTokens === undefined ? {} : { [inferenceHeaders.maxTokens]: String(loweredMaxTokens) }),
  };
}

function toSharing(headers: IncomingHttpHeaders): Sharing {
  return {
    key: headers[inferenceHeaders.cacheKey]?.toString(),
    joins: toJoinRule(headers[inferenceHeaders.join]),
    session: headers[inferenceHeaders.session]?.toString() ?? "",
    conversation: headers[inferenceHeaders.conversation]?.toString() ?? "",
  };
}

/** @throws ApiError */
function toModelName(header: string | string[] | undefined): string | undefined {
  if (header === undefined) return undefined;
  try {
    return decodeURIComponent(header.toString());
  } catch {
    throw new ApiError("invalid_request_error", `${inferenceHeaders.model}: not URL-encoded`);
  }
}
