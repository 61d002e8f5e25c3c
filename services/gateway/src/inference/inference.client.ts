import { Injectable } from "@nestjs/common";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { ApiError, parseErrorBody } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { decodeEvents } from "#anthropic/sse.js";
import { HttpClient, UpstreamError } from "#platform/http-client.js";
import { inferenceHeaders } from "#service-contracts/inference-headers.js";
import type { ModelCard, ModelList } from "#service-contracts/model-card.js";
import { GatewayConfig } from "../gateway.config.js";

export interface InferenceCall {
  request: CanonicalRequest;
  model: ModelCard;
  /** Shares the generation with everybody who asks the same; undefined: a generation of its own. */
  key: string | undefined;
  requestId: string;
  signal: AbortSignal;
}

export interface InferenceAnswer {
  fingerprint: string | undefined;
  servedModel: string;
  maxTokens: string | undefined;
  inputTokens: number;
  isJoined: boolean;
  /** Throws where the stream tells an error, breaks or falls silent. */
  events: AsyncGenerator<MessageStreamEvent>;
}

/** Our adapter pings every 10 s, so three missed pings mean that it is gone. */
const adapterSilenceMs = 30_000;
const metadataTimeoutMs = 10_000;

/** The inference adapter, or any server that speaks the Messages API. */
@Injectable()
export class InferenceClient {
  private readonly http: HttpClient;

  constructor(private readonly config: GatewayConfig) {
    this.http = new HttpClient(config.INFERENCE_URL.replace(/\/+$/, ""), config.CONNECT_TIMEOUT_MS);
  }

  /** @throws ApiError what the adapter refused with, or that it cannot be reached */
  async create(call: InferenceCall): Promise<InferenceAnswer> {
    const isOurs = call.model.fingerprint !== undefined;
    const { status, headers, body } = await this.http
      .stream({
        method: "POST",
        path: "/v1/messages",
        body: { ...call.request, stream: true },
        headers: requestHeaders(call),
        signal: call.signal,
        timeoutMs: isOurs ? adapterSilenceMs : this.config.FIRST_EVENT_TIMEOUT_MS,
      })
      .catch(throwApiError);
    if (status !== 200) throw await readError(status, body);
    const silenceMs = isOurs ? adapterSilenceMs : this.config.FIRST_EVENT_TIMEOUT_MS;
    return { ...readHeaders(headers, call.model), events: readEvents(body, silenceMs) };
  }

  async countTokens(request: CanonicalRequest): Promise<{ input_tokens: number }> {
    const body = await this.json("POST", "/v1/messages/count_tokens", request);
    return body as { input_tokens: number };
  }

  async listModels(): Promise<ModelCard[]> {
    const { data } = (await this.json("GET", "/v1/models?limit=1000")) as Partial<ModelList>;
    if (!Array.isArray(data)) throw new ApiError("api_error", "The inference service lists no models");
    return data;
  }

  /** The adapter's own health page. */
  async health(path: string): Promise<{ status: number; body: unknown }> {
    return this.http.request({ method: "GET", path, timeoutMs: metadataTimeoutMs }).catch(throwApiError);
  }

  private async json(method: "GET" | "POST", path: string, body?: unknown): Promise<unknown> {
    const answer = await this.http
      .request({ method, path, body, timeoutMs: metadataTimeoutMs })
      .catch(throwApiError);
    if (answer.status !== 200) throw parseErrorBody(answer.status, answer.body);
    return answer.body;
  }
}

function requestHeaders({ key, requestId }: InferenceCall): Record<string, string> {
  return {
    accept: "text/event-stream",
    "anthropic-version": "2023-06-01",
    [inferenceHeaders.requestId]: requestId,
    ...(key === undefined ? {} : { [inferenceHeaders.cacheKey]: key }),
  };
}

function readHeaders(headers: IncomingHttpHeaders, model: ModelCard): Omit<InferenceAnswer, "events"> {
  const header = (name: string) => headers[name]?.toString();
  return {
    fingerprint: header(inferenceHeaders.fingerprint),
    servedModel: header(inferenceHeaders.servedModel) ?? model.id,
    maxTokens: header(inferenceHeaders.maxTokens),
    inputTokens: Number(header(inferenceHeaders.inputTokens) ?? 0),
    isJoined: header(inferenceHeaders.generation) === "joined",
  };
}

async function* readEvents(body: IncomingMessage, silenceMs: number): AsyncGenerator<MessageStreamEvent> {
  try {
    for await (const event of decodeEvents(withSilenceLimit(body, silenceMs))) {
      if (event.type === "error") throw parseErrorBody(500, event);
      yield event;
      if (event.type === "message_stop") return;
    }
  } catch (error) {
    throw toBrokenStream(error);
  }
  throw new ApiError("api_error", "The inference service ended its stream before the answer was complete");
}

async function* withSilenceLimit(body: IncomingMessage, silenceMs: number): AsyncGenerator<Uint8Array> {
  const timer = setTimeout(() => {
    const seconds = Math.round(silenceMs / 1000);
    body.destroy(new ApiError("timeout_error", `The inference service sent nothing for ${seconds} s`));
  }, silenceMs);
  try {
    for await (const chunk of body) {
      timer.refresh();
      yield chunk as Uint8Array;
    }
  } finally {
    clearTimeout(timer);
  }
}

function toBrokenStream(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError("api_error", "The inference service broke off its stream", { cause: error });
}

async function readError(status: number, body: IncomingMessage): Promise<ApiError> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk as Buffer);
    return parseErrorBody(status, JSON.parse(Buffer.concat(chunks).toString("utf8")));
  } catch {
    return parseErrorBody(status, undefined);
  }
}

function throwApiError(error: unknown): never {
  if (!(error instanceof UpstreamError)) throw error;
  const type = error.fault === "timeout" ? "timeout_error" : "api_error";
  throw new ApiError(type, `The inference service cannot answer: ${error.message}`, { cause: error });
}
