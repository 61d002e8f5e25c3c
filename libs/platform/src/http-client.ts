import axios, { type AxiosInstance, type AxiosResponse, isAxiosError } from "axios";
import {
  Agent as HttpAgent,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { urlToHttpOptions } from "node:url";
import { hideCredentials } from "./hide-credentials.js";
import {
  type Exchange,
  LostCall,
  endWith,
  exchangeText,
  longestAnswer,
  openExchange,
} from "./http-exchange.js";
import { afterWaiting } from "./waiting-time.js";

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  /** Sent as JSON. */
  body?: unknown;
  /** In its place, what is JSON already. */
  json?: string | Buffer;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Until the answer's headers (`stream`) or its whole body (`request`, `exchange`). */
  timeoutMs?: number;
}

export interface HttpAnswer<Body> {
  status: number;
  headers: IncomingHttpHeaders;
  body: Body;
}

export type UpstreamFault = "refused" | "timeout" | "broken" | "aborted";

/** The other side could not be reached, did not answer in time, or broke off. */
export class UpstreamError extends Error {
  constructor(
    readonly fault: UpstreamFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = "UpstreamError";
  }
}

/**
 * For a call whose silence may mean work: it goes on a connection that was used a moment ago, or on a fresh one. A host
 * that is gone, or has another address now, closes none, and on an old one nobody would answer for minutes.
 */
export const callSocketMs = 1000;

/** JSON over HTTP to one base URL, with its own keep-alive sockets and its own clocks. Any status is an answer. */
export class HttpClient {
  private readonly axios: AxiosInstance;
  private readonly base: RequestOptions;
  private readonly basePath: string;
  private readonly agent: HttpAgent;
  private readonly headers: Record<string, string>;
  /** For messages: without a password that stands in it. */
  private readonly shownUrl: string;

  /** `idleSocketMs`: how long an unused connection is kept. */
  constructor(
    baseUrl: string,
    connectTimeoutMs: number,
    headers: Record<string, string> = {},
    idleSocketMs = 30_000,
  ) {
    const options = { keepAlive: true, timeout: idleSocketMs, scheduling: "lifo" as const };
    const isHttps = baseUrl.startsWith("https:");
    this.agent = withConnectTimeout(
      isHttps ? new HttpsAgent(options) : new HttpAgent(options),
      connectTimeoutMs,
    );
    this.base = urlToHttpOptions(new URL(baseUrl));
    this.shownUrl = hideCredentials(baseUrl);
    this.basePath = (this.base.path ?? "").replace(/\/$/, "");
    // Without a word on it a proxy may send compressed answers; axios even asks for them.
    this.headers = { "content-type": "application/json", "accept-encoding": "identity", ...headers };
    this.axios = axios.create({
      baseURL: baseUrl,
      adapter: "http",
      ...(isHttps ? { httpsAgent: this.agent } : { httpAgent: this.agent }),
      proxy: false,
      maxRedirects: 0,
      decompress: false,
      maxBodyLength: Infinity,
      maxContentLength: longestAnswer,
      validateStatus: () => true,
      // The body is JSON already; axios would parse it to see whether it is.
      transformRequest: [(data: unknown) => data],
      transformResponse: [(data: unknown) => data],
      headers: this.headers,
    });
  }

  /** The whole answer; a JSON body is parsed, any other stays text. For what no message waits for. @throws UpstreamError */
  request({ method, path: url, headers, ...request }: HttpRequest): Promise<HttpAnswer<unknown>> {
    const call = { method, url, headers, data: encodeBody(request), responseType: "text" as const };
    return this.send(request, async (signal) => {
      const answer = await this.axios.request<string>({ ...call, signal });
      return { status: answer.status, headers: toHeaders(answer.headers), body: parseJson(answer.data) };
    });
  }

  /** As `request`, at a third of the cost. @throws UpstreamError */
  exchange(request: HttpRequest): Promise<HttpAnswer<unknown>> {
    const exchange = this.toExchange(request);
    return this.send(request, async (signal) => {
      const { status, headers, text } = await exchangeText(this.base, { ...exchange, signal });
      return { status, headers, body: parseJson(text) };
    });
  }

  /**
   * The answer as soon as its headers are there; the caller reads or destroys `body`, which breaks off when the
   * request's signal fires. @throws UpstreamError
   */
  async stream(request: HttpRequest): Promise<HttpAnswer<IncomingMessage>> {
    const exchange = this.toExchange(request);
    const body = await this.send(request, (signal) => openExchange(this.base, { ...exchange, signal }));
    if (request.signal) endWith(body, request.signal);
    return { status: body.statusCode ?? 0, headers: body.headers, body };
  }

  private toExchange(request: HttpRequest): Omit<Exchange, "signal"> {
    const { method, path, headers } = request;
    return {
      method,
      path: this.basePath + path,
      data: encodeBody(request),
      headers: headers ? { ...this.headers, ...headers } : this.headers,
      agent: this.agent,
    };
  }

  private async send<Answer>(
    { timeoutMs, signal: wish }: Pick<HttpRequest, "timeoutMs" | "signal">,
    attempt: (signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const ending = new AbortController();
    const onWish = () => ending.abort(wish?.reason);
    let isLate = false;
    const stopClock =
      timeoutMs === undefined
        ? () => {}
        : afterWaiting(timeoutMs, () => {
            isLate = true;
            ending.abort();
          });
    // Once and no oftener: the other side may have begun its work before it broke off.
    const tryTwice = (): Promise<Answer> =>
      attempt(ending.signal).catch((error: unknown) => {
        if (!isStaleSocket(error) || ending.signal.aborted) throw error;
        this.dropKeptSockets();
        return attempt(ending.signal);
      });
    if (wish?.aborted) onWish();
    else wish?.addEventListener("abort", onWish, { once: true });
    try {
      return await tryTwice();
    } catch (error) {
      if (isLate) this.dropKeptSockets();
      if (!isLate && ending.signal.aborted)
        throw new UpstreamError("aborted", "the request was given up", { cause: error });
      throw toUpstreamError(error, this.shownUrl, isLate);
    } finally {
      wish?.removeEventListener("abort", onWish);
      stopClock();
    }
  }

  /**
   * Where one is stale or silent the others are, too, and the next call gets a fresh one: a host that is gone, or has
   * another address now, closes none of them.
   */
  private dropKeptSockets(): void {
    for (const socket of Object.values(this.agent.freeSockets).flat()) socket?.destroy();
  }
}

function encodeBody({ body, json }: Pick<HttpRequest, "body" | "json">): string | Buffer | undefined {
  return body === undefined ? json : JSON.stringify(body);
}

const toHeaders = (headers: AxiosResponse["headers"]) => headers as IncomingHttpHeaders;

/** A kept socket that the other side closed meanwhile: nothing was answered, so once more is safe. */
function isStaleSocket(error: unknown): boolean {
  const { code } = error as { code?: string };
  if (code !== "ECONNRESET" && code !== "EPIPE") return false;
  if (error instanceof LostCall) return error.isUnanswered;
  if (!isAxiosError(error) || error.response) return false;
  return (error.request as { reusedSocket?: boolean } | undefined)?.reusedSocket === true;
}

function toUpstreamError(error: unknown, url: string, timedOut: boolean): UpstreamError {
  const { code, message } = error as { code?: string; message?: string };
  if (timedOut || code === connectTimeoutCode)
    return new UpstreamError("timeout", `${url} did not answer in time`, { cause: error });
  if (code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EHOSTUNREACH")
    return new UpstreamError("refused", `${url} cannot be reached (${code})`, { cause: error });
  return new UpstreamError("broken", `the connection to ${url} broke (${code ?? message})`, {
    cause: error,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const connectTimeoutCode = "ECONNECTTIMEOUT";

/** Node's agents have no limit for the connection alone. */
function withConnectTimeout<A extends HttpAgent>(agent: A, timeoutMs: number): A {
  const createConnection = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const socket = createConnection(options, callback);
    if (!socket) return socket;
    const stopClock = afterWaiting(timeoutMs, () => {
      socket.destroy(Object.assign(new Error("connection timed out"), { code: connectTimeoutCode }));
    });
    socket.once("connect", stopClock);
    socket.once("close", stopClock);
    return socket;
  };
  return agent;
}
