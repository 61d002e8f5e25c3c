import { Inject, Injectable } from "@nestjs/common";
import type { FastifyReply } from "fastify";
import { toApiError } from "#anthropic/errors.js";
import { foldMessage } from "#anthropic/fold-message.js";
import { eventStreamHeaders, sendEventStream } from "#platform/event-stream-reply.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import { withoutQuotes } from "#platform/without-quotes.js";
import type { Replay } from "../caching/replay.js";
import { Exchange } from "./exchange.js";
import type { Answer } from "./messages.service.js";
import type { Caller } from "./question.js";
import { RecentRequests } from "../status-page/recent-requests.js";
import { MessagesMetrics } from "./messages.metrics.js";

const pingIntervalMs = 10_000;
const jsonHeaders = { "content-type": "application/json; charset=utf-8" };

/** Answers of one turn of the event loop go out together: a write that has to wake its reader costs more. */
const endOfTurn = () => new Promise<void>((resolve) => void setImmediate(resolve));

/** Sends the events of an answer as a stream or folded into one message, then logs and measures the exchange. */
@Injectable()
export class MessageReply {
  constructor(
    private readonly metrics: MessagesMetrics,
    private readonly recent: RecentRequests,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @throws whatever failed before the answer's headers went out */
  async send(
    reply: FastifyReply,
    caller: Caller,
    answer: (exchange: Exchange) => Promise<Answer>,
  ): Promise<Exchange> {
    const exchange = new Exchange();
    try {
      const failure = await this.sendAnswer(reply, caller, exchange, await answer(exchange));
      exchange.isGiven = failure === undefined && !caller.client.isGone;
      this.conclude(caller, exchange, failure);
    } catch (error) {
      reply.headers(exchange.toHeaders());
      this.conclude(caller, exchange, error);
      if (!caller.client.isGone) throw error;
    }
    return exchange;
  }

  /** @returns the error that ended a stream, if one did */
  private async sendAnswer(
    reply: FastifyReply,
    { requestId, client }: Caller,
    exchange: Exchange,
    answer: Answer,
  ): Promise<unknown> {
    if ("replay" in answer) {
      await endOfTurn();
      await sendReplay(reply, exchange, answer.replay);
      return undefined;
    }
    const { events } = answer;
    if (exchange.isStream) {
      reply.headers(exchange.toHeaders());
      return sendEventStream(reply, events, { requestId, pingIntervalMs, signal: client.signal });
    }
    const message = await foldMessage(events);
    // Only now is it known how long what took.
    await reply.headers(exchange.toHeaders()).send(message);
    return undefined;
  }

  /** One line a request, without its content, and its metrics. */
  private conclude({ requestId, client }: Caller, exchange: Exchange, failure: unknown): void {
    const error = failure === undefined ? undefined : toApiError(failure);
    const { isGone } = client;
    const isCounted = !isGone && !exchange.isToldMiss;
    const errorType = isCounted ? error?.type : undefined;
    this.metrics.observe(exchange, errorType);
    this.recent.note(exchange, errorType);
    const line = {
      request_id: requestId,
      model: exchange.model,
      key: exchange.key?.slice(0, 16),
      stream: exchange.isStream,
      ms: Math.round(exchange.seconds * 1000),
      input_tokens: exchange.usage?.input_tokens,
      output_tokens: exchange.usage?.output_tokens,
      ...(error ? { error_type: error.type } : {}),
      ...(isGone ? { client_gone: true } : {}),
    };
    const message = `cache ${exchange.result ?? "error"}`;
    if (error && error.status >= 500 && isCounted) {
      this.logger.warn({ ...line, reason: withoutQuotes(error.message) }, message);
      this.logger.debug({ request_id: requestId, reason: error.message }, "the whole reason");
    } else this.logger.info(line, message);
  }
}

/** A replay is there at once: one write instead of one for each event. */
async function sendReplay(reply: FastifyReply, exchange: Exchange, replay: Replay): Promise<void> {
  const model = exchange.question?.requestedModel ?? "";
  reply.headers(exchange.toHeaders());
  if (exchange.isStream) {
    exchange.noteFirstEvent();
    await reply.headers(eventStreamHeaders).send(replay.toEventStream(model));
  } else await reply.headers(jsonHeaders).send(replay.toJson(model));
}
