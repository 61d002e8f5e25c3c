import { Injectable } from "@nestjs/common";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError, parseErrorBody } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { hasSlowSource } from "#anthropic/has-url-source.js";
import {
  type HttpAnswer,
  HttpClient,
  type HttpRequest,
  UpstreamError,
  callSocketMs,
} from "#platform/http-client.js";
import { parseRetryAfter } from "#platform/parse-retry-after.js";
import { readErrorText } from "#platform/read-error-text.js";
import { inferenceHeaders } from "#service-contracts/inference-headers.js";
import {
  isModelCard,
  type ListedModels,
  type ModelCard,
  type ModelList,
} from "#service-contracts/model-card.js";
import { innerHeaders } from "../access/inner-headers.js";
import { GatewayConfig } from "../gateway.config.js";
import { InProcess } from "../in-process.js";
import { toMetricsText } from "../metrics/to-metrics-text.js";
import type { InferenceAnswer, InferenceCall } from "./inference-call.js";
import { readEvents, withSilenceLimit } from "./read-events.js";
import { viaHeader } from "./refuse-loop.js";

/** Our adapter pings every 10 s, so three missed pings mean that it is gone. */
const adapterSilenceMs = 30_000;
const metadataTimeoutMs = 10_000;
const metricsTimeoutMs = 2000;
const useNoteIntervalMs = 5000;
/** As long as the adapter takes to say that a generation has begun, and some more. */
const leavingGraceMs = 250;
/**
 * A foreign server may send its headers with its first event only, minutes later, and ours behind what it has fetched
 * and read: their client hears of us meanwhile.
 */
const lateHeadersMs = 2000;

/** The inference adapter, or any server that speaks the Messages API. */
@Injectable()
export class InferenceClient {
  private readonly http: HttpClient;
  private readonly messages: HttpClient;
  private useNotedAt = -Infinity;

  constructor(
    private readonly config: GatewayConfig,
    private readonly inProcess: InProcess,
  ) {
    const { CONNECT_TIMEOUT_MS: connectTimeoutMs } = config;
    const url = config.INFERENCE_URL.replace(/\/+$/, "");
    const headers = { ...innerHeaders(config), ...viaHeader };
    this.http = new HttpClient(url, connectTimeoutMs, headers);
    this.messages = new HttpClient(url, connectTimeoutMs, headers, callSocketMs);
  }

  /** @throws ApiError what the adapter refused with, or that it cannot be reached */
  async create(call: InferenceCall): Promise<InferenceAnswer> {
    const isOurs = call.model.fingerprint !== undefined;
    if (isOurs && !hasSlowSource(call.request)) return this.begin(call, adapterSilenceMs);
    const asked = this.begin(call, this.config.FIRST_EVENT_TIMEOUT_MS);
    return (
      (await Promise.race([asked, sleep(lateHeadersMs, undefined, { ref: false })])) ??
      toLateAnswer(call.model, asked)
    );
  }

  private begin(call: InferenceCall, silenceMs: number): Promise<InferenceAnswer> {
    return this.inProcess.createMessage?.(call) ?? this.ask(call, silenceMs);
  }

  private async ask(call: InferenceCall, silenceMs: number): Promise<InferenceAnswer> {
    const { status, headers, body } = await this.open(call, silenceMs);
    if (status !== 200) throw toApiError(status, headers, await readJson(body, silenceMs));
    const subscription = headers[inferenceHeaders.subscription]?.toString();
    const leave = () => (subscription === undefined ? void body.destroy() : this.detach(subscription, body));
    const drop = () => void body.destroy();
    return { ...readHeaders(headers, call.model), leave, drop, events: readEvents(body, silenceMs) };
  }

  async countTokens(request: CanonicalRequest): Promise<{ input_tokens: number }> {
    const body = (await this.json("POST", "/v1/messages/count_tokens", request)) as {
      input_tokens?: unknown;
    } | null;
    const tokens = body?.input_tokens;
    if (typeof tokens !== "number" || !(tokens >= 0))
      throw new ApiError("api_error", "The inference service counts no tokens");
    return { input_tokens: tokens };
  }

  async listModels(): Promise<ListedModels> {
    const list = (await this.json("GET", "/v1/models?limit=1000")) as Partial<ModelList> | null;
    if (!Array.isArray(list?.data)) throw new ApiError("api_error", "The inference service lists no models");
    const undescribed: unknown[] = Array.isArray(list.undescribed) ? list.undescribed : [];
    return {
      models: list.data.filter(isModelCard),
      undescribed: undescribed.filter((name) => typeof name === "string"),
    };
  }

  /** @throws ApiError why there is no such model: unknown, or still being pulled */
  async getModel(id: string, { isFresh = false } = {}): Promise<ModelCard> {
    const path = `/v1/models/${encodeURIComponent(id.toWellFormed())}`;
    const card = await this.json("GET", path, undefined, isFresh ? { "cache-control": "no-cache" } : {});
    if (!isModelCard(card)) throw new ApiError("api_error", "The inference service describes no model");
    return card;
  }

  /** The adapter's own health page. */
  async health(path: string): Promise<{ status: number; body: unknown }> {
    return this.http.request({ method: "GET", path, timeoutMs: metadataTimeoutMs }).catch(throwApiError);
  }

  /** Every service has a health page, open to everybody; whether this one takes our requests is another question. @throws ApiError */
  async checkAccess(): Promise<void> {
    const list = { method: "GET", path: "/v1/models?limit=1", timeoutMs: metadataTimeoutMs } as const;
    const { status, headers, body } = await this.http.request(list).catch(throwApiError);
    if (status === 404) throw new ApiError("api_error", "What answers at INFERENCE_URL has no models");
    if (isRefusedAccess(status)) throw toApiError(status, headers, body);
  }

  /** The adapter's own metrics; empty where the server has none. @throws UpstreamError */
  async metrics(): Promise<string> {
    const page = { method: "GET", path: "/metrics", timeoutMs: metricsTimeoutMs } as const;
    return toMetricsText(await this.http.request(page));
  }

  /**
   * Tells the adapter that its host is in use, which it does not see of an answer from the cache. Nobody waits
   * for it, and it says so every few seconds only.
   */
  noteUse(): void {
    if (performance.now() - this.useNotedAt < useNoteIntervalMs) return;
    this.useNotedAt = performance.now();
    this.http
      .request({ method: "POST", path: "/activity", timeoutMs: metadataTimeoutMs })
      .catch(() => undefined);
  }

  /**
   * From now on nobody joins a generation that has ended: what is deleted from the cache would come back from there.
   * Other servers have none, and one that cannot be reached forgets by itself.
   */
  async forgetFinished(): Promise<void> {
    await this.http
      .request({ method: "DELETE", path: "/generations/finished", timeoutMs: metadataTimeoutMs })
      .catch(() => undefined);
  }

  /**
   * The call's signal ends here: once the answer has begun, it may go on to be recorded. Our adapter says at once what
   * has begun, so that it is waited for: whoever leaves in this moment has started a generation, and pays for it.
   */
  private async open(call: InferenceCall, timeoutMs: number): Promise<HttpAnswer<IncomingMessage>> {
    call.signal.throwIfAborted();
    const opening = new AbortController();
    let leaving: NodeJS.Timeout | undefined;
    const graceMs = call.model.fingerprint === undefined ? 0 : leavingGraceMs;
    const giveUp = () => (leaving = setTimeout(() => opening.abort(), graceMs));
    call.signal.addEventListener("abort", giveUp, { once: true });
    try {
      return await this.messages
        .stream({
          method: "POST",
          path: "/v1/messages",
          ...toContent(call),
          signal: opening.signal,
          timeoutMs,
        })
        .catch(throwApiError);
    } finally {
      call.signal.removeEventListener("abort", giveUp);
      clearTimeout(leaving);
    }
  }

  private detach(subscription: string, body: IncomingMessage): void {
    this.http
      .request({
        method: "POST",
        path: `/subscriptions/${subscription}/detach`,
        timeoutMs: metadataTimeoutMs,
      })
      .catch(() => body.destroy());
  }

  private async json(
    method: "GET" | "POST",
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<unknown> {
    const answer = await this.http
      .exchange({ method, path, body, headers, timeoutMs: metadataTimeoutMs })
      .catch(throwApiError);
    if (answer.status !== 200) throw toApiError(answer.status, answer.headers, answer.body);
    return answer.body;
  }
}

/** What is told of an answer before its headers are there. */
function toLateAnswer(model: ModelCard, asked: Promise<InferenceAnswer>): InferenceAnswer {
  async function* readEventsLater(): AsyncGenerator<MessageStreamEvent> {
    const { events, leave: _leave, drop: _drop, ...told } = await asked;
    Object.assign(answer, told);
    yield* events;
  }
  const later = (act: (answer: InferenceAnswer) => void) => () => void asked.then(act).catch(() => undefined);
  const answer: InferenceAnswer = {
    ...readHeaders({}, model),
    leave: later((begun) => begun.leave()),
    drop: later((begun) => begun.drop()),
    later: asked,
    events: readEventsLater(),
  };
  return answer;
}

/** Our adapter reads what the client wrote; to write it again takes longer than all the rest of a long request. */
function toContent(call: InferenceCall): Pick<HttpRequest, "body" | "json" | "headers"> {
  const { model, rawBody: json, request } = call;
  const headers = requestHeaders(call);
  if (json === undefined || !model.takes_client_json) return { body: { ...request, stream: true }, headers };
  return { json, headers: { ...headers, [inferenceHeaders.model]: encodeURIComponent(model.id) } };
}

function requestHeaders(call: InferenceCall): Record<string, string> {
  const { key, joins, isReadWhole, requestId, session, conversation } = call;
  return {
    accept: "text/event-stream",
    "anthropic-version": "2023-06-01",
    [inferenceHeaders.requestId]: requestId,
    [inferenceHeaders.cacheKey]: key ?? requestId,
    [inferenceHeaders.session]: session,
    [inferenceHeaders.conversation]: conversation,
    ...(joins === "any" ? {} : { [inferenceHeaders.join]: joins }),
    ...(isReadWhole ? { [inferenceHeaders.reading]: "whole" } : {}),
  };
}

const refusedAccess = "The inference service refuses the gateway";
const isRefusedAccess = (status: number) => status === 401 || status === 403;

function readHeaders(
  headers: IncomingHttpHeaders,
  model: ModelCard,
): Omit<InferenceAnswer, "events" | "leave" | "drop"> {
  const header = (name: string) => headers[name]?.toString();
  return {
    fingerprint: header(inferenceHeaders.fingerprint),
    servedModel: decodeModelName(header(inferenceHeaders.servedModel)) ?? model.id,
    maxTokens: header(inferenceHeaders.maxTokens),
    inputTokens: Number(header(inferenceHeaders.inputTokens) ?? 0),
    isJoined: header(inferenceHeaders.generation) === "joined",
  };
}

/** Of a foreign server, which has this header for something of its own, as it is. */
function decodeModelName(header: string | undefined): string | undefined {
  try {
    return header === undefined ? undefined : decodeURIComponent(header);
  } catch {
    return header;
  }
}

/**
 * What the service refused with, and its advice on when to try again. A client's key is not shown to it: where access
 * is refused, it is the gateway's own, and no client can mend that; its operator may, while the client tries again.
 */
function toApiError(status: number, headers: IncomingHttpHeaders, body: unknown): ApiError {
  const { type, message, shouldRetry } = parseErrorBody(status, body);
  if (isRefusedAccess(status)) return new ApiError("api_error", `${refusedAccess}: ${message}`);
  return new ApiError(type, message, {
    shouldRetry: shouldRetry && headers["x-should-retry"] !== "false",
    retryAfterSeconds: parseRetryAfter(headers["retry-after"]),
  });
}

async function readJson(body: IncomingMessage, silenceMs: number): Promise<unknown> {
  try {
    return JSON.parse(await readErrorText(withSilenceLimit(body, silenceMs)));
  } catch {
    return undefined;
  } finally {
    if (!body.readableEnded) body.destroy();
  }
}

function throwApiError(error: unknown): never {
  if (!(error instanceof UpstreamError)) throw error;
  const type = error.fault === "timeout" ? "timeout_error" : "api_error";
  throw new ApiError(type, `The inference service cannot answer: ${error.message}`, { cause: error });
}
