import type { IncomingMessage } from "node:http";
import { ApiError } from "#anthropic/errors.js";
import { hideCredentials } from "#platform/hide-credentials.js";
import { HttpClient, UpstreamError, callSocketMs } from "#platform/http-client.js";
import { parseRetryAfter } from "#platform/parse-retry-after.js";
import { readErrorText } from "#platform/read-error-text.js";
import { mapOllamaError } from "./map-ollama-error.js";
import type { OllamaChatRequest, OllamaPs, OllamaRawRequest, OllamaShow, OllamaTags } from "./ollama-wire.js";

const metadataTimeoutMs = 5000;

/** Ollama's API over HTTP: nothing but transport. Every failure is an ApiError. */
export class OllamaClient {
  private readonly http: HttpClient;
  private readonly generations: HttpClient;

  constructor(
    readonly baseUrl: string,
    private readonly connectTimeoutMs: number,
  ) {
    this.http = new HttpClient(baseUrl, connectTimeoutMs);
    this.generations = new HttpClient(baseUrl, connectTimeoutMs, {}, callSocketMs);
  }

  async tags(): Promise<OllamaTags> {
    const body = await this.json({ method: "GET", path: "/api/tags" }, metadataTimeoutMs);
    if (!Array.isArray((body as Partial<OllamaTags> | null)?.models)) throw this.notOllama();
    return body as OllamaTags;
  }

  async show(model: string): Promise<OllamaShow> {
    const body = await this.json({ method: "POST", path: "/api/show", body: { model } }, metadataTimeoutMs);
    if (!isShow(body)) throw this.notOllama();
    return body;
  }

  async ps(): Promise<OllamaPs> {
    const body = await this.json({ method: "GET", path: "/api/ps" }, metadataTimeoutMs);
    if (!isObject(body)) throw this.notOllama();
    return body;
  }

  /** Takes effect when the last request of the model has ended. */
  async unload(model: string): Promise<void> {
    const body = { model, keep_alive: 0 };
    await this.json({ method: "POST", path: "/api/generate", body }, metadataTimeoutMs);
  }

  async probe(): Promise<void> {
    await this.json({ method: "GET", path: "/api/version" }, this.connectTimeoutMs);
  }

  /**
   * Starts an answer. Ollama sends its headers with the first token, minutes later for a long prompt.
   * A status other than 200 is returned too, with its error body read.
   */
  async chat(request: OllamaChatRequest, signal: AbortSignal): Promise<StreamAnswer> {
    return this.stream("/api/chat", request, signal);
  }

  /** As `chat`, for a prompt that is rendered already. */
  async generateRaw(request: OllamaRawRequest, signal: AbortSignal): Promise<StreamAnswer> {
    return this.stream("/api/generate", request, signal);
  }

  /** Fetches a model; the lines tell the progress. */
  async pull(model: string, signal: AbortSignal): Promise<StreamAnswer> {
    return this.stream("/api/pull", { model, stream: true }, signal);
  }

  private notOllama(): ApiError {
    return new ApiError("api_error", `${hideCredentials(this.baseUrl)} does not answer as Ollama does`);
  }

  private async stream(path: string, body: unknown, signal: AbortSignal): Promise<StreamAnswer> {
    try {
      const {
        status,
        headers,
        body: answer,
      } = await this.generations.stream({ method: "POST", path, body, signal });
      if (status === 200) return { status, lines: answer };
      const error = parseBody(await readErrorText(answer));
      return { status, error, retryAfterSeconds: parseRetryAfter(headers["retry-after"]) };
    } catch (error) {
      throw toOllamaError(error);
    }
  }

  private async json(request: { method: "GET" | "POST"; path: string; body?: unknown }, timeoutMs: number) {
    try {
      const { status, headers, body } = await this.http.exchange({ ...request, timeoutMs });
      if (status !== 200) throw mapOllamaError(status, body, parseRetryAfter(headers["retry-after"]));
      return body;
    } catch (error) {
      throw toOllamaError(error);
    }
  }
}

export type StreamAnswer = { status: 200; lines: IncomingMessage } | Refusal;

export interface Refusal {
  status: number;
  error: unknown;
  retryAfterSeconds: number | undefined;
}

/** A transport failure in words that say what to look at. */
export function toOllamaError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (!(error instanceof UpstreamError)) {
    const { message } = error as Error;
    return new ApiError("api_error", `Ollama broke off its answer: ${message}`, { cause: error });
  }
  if (error.fault === "timeout")
    return new ApiError("timeout_error", `Ollama: ${error.message}`, { cause: error });
  return new ApiError("api_error", `Ollama: ${error.message}`, { cause: error });
}

/** Every Ollama tells a model's details, old ones not what it can do. */
function isShow(body: unknown): body is OllamaShow {
  if (!isObject(body)) return false;
  const { capabilities = [], details, model_info = {} } = body;
  return Array.isArray(capabilities) && isObject(model_info) && isObject(details);
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

function parseBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
