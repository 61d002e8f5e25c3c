import type { IncomingMessage } from "node:http";
import { ApiError } from "#anthropic/errors.js";
import { type HttpAnswer, HttpClient, UpstreamError, callSocketMs } from "#platform/http-client.js";
import { parseRetryAfter } from "#platform/parse-retry-after.js";
import { readErrorText } from "#platform/read-error-text.js";
import { mapOpenAiError, parseServerError, type ServerError } from "./map-openai-error.js";
import type { ChatRequest, ListedModel, LmStudioModel, ModelList, ServerProps } from "./openai-wire.js";

export interface OpenAiClientOptions {
  /** Without `/v1`. */
  baseUrl: string;
  apiKey: string;
  connectTimeoutMs: number;
}

const metadataTimeoutMs = 5000;

/** The server's API over HTTP: nothing but transport. Every failure is an ApiError. */
export class OpenAiClient {
  private readonly http: HttpClient;
  private readonly generations: HttpClient;
  private readonly headers: Record<string, string>;

  constructor(private readonly options: OpenAiClientOptions) {
    this.http = new HttpClient(options.baseUrl, options.connectTimeoutMs);
    this.generations = new HttpClient(options.baseUrl, options.connectTimeoutMs, {}, callSocketMs);
    this.headers = options.apiKey === "" ? {} : { authorization: `Bearer ${options.apiKey}` };
  }

  async models(timeoutMs = metadataTimeoutMs): Promise<ListedModel[]> {
    const body = await this.json("GET", "/v1/models", timeoutMs);
    const { data } = (body ?? {}) as Partial<ModelList>;
    if (!Array.isArray(data))
      throw new ApiError(
        "api_error",
        `${this.options.baseUrl}/v1/models does not answer as OpenAI's API does`,
      );
    return data;
  }

  /** llama.cpp only. */
  async props(): Promise<ServerProps> {
    return (await this.json("GET", "/props", metadataTimeoutMs)) as ServerProps;
  }

  /** LM Studio only. */
  async lmStudioModels(): Promise<LmStudioModel[]> {
    const body = (await this.json("GET", "/api/v0/models", metadataTimeoutMs)) as { data?: LmStudioModel[] };
    return body.data ?? [];
  }

  /** Any JSON that a route of one server answers with. @throws ApiError */
  async post(path: string, body: unknown, timeoutMs: number): Promise<unknown> {
    return this.json("POST", path, timeoutMs, body);
  }

  async probe(): Promise<void> {
    await this.models(this.options.connectTimeoutMs);
  }

  /** Starts an answer. A status other than 200 is returned too, with its error read. */
  async chat(body: ChatRequest, signal: AbortSignal): Promise<{ events: IncomingMessage } | ServerError> {
    const { headers } = this;
    try {
      const answer = await this.generations.stream({
        method: "POST",
        path: "/v1/chat/completions",
        body,
        headers,
        signal,
      });
      if (answer.status === 200) return { events: answer.body };
      return toServerError(answer, parseJson(await readErrorText(answer.body)));
    } catch (error) {
      throw toModelServerError(error);
    }
  }

  private async json(
    method: "GET" | "POST",
    path: string,
    timeoutMs: number,
    body?: unknown,
  ): Promise<unknown> {
    const { headers } = this;
    try {
      const answer = await this.http.request({ method, path, body, headers, timeoutMs });
      if (answer.status !== 200) throw mapOpenAiError(toServerError(answer, answer.body));
      return answer.body;
    } catch (error) {
      throw toModelServerError(error);
    }
  }
}

function toServerError({ status, headers }: HttpAnswer<unknown>, body: unknown): ServerError {
  return { ...parseServerError(status, body), retryAfterSeconds: parseRetryAfter(headers["retry-after"]) };
}

/** A transport failure in words that say what to look at. */
export function toModelServerError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const { message } = error as Error;
  if (!(error instanceof UpstreamError))
    return new ApiError("api_error", `The model server broke off its answer: ${message}`, { cause: error });
  const type = error.fault === "timeout" ? "timeout_error" : "api_error";
  return new ApiError(type, `The model server: ${message}`, { cause: error });
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
