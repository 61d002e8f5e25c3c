import axios, { type AxiosInstance, type AxiosResponse, isAxiosError } from "axios";
import { Agent as HttpAgent, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { afterWaiting } from "./waiting-time.js";

export interface HttpRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: string;
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Until the answer's headers (`stream`) or its whole body (`request`). */
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

const idleSocketMs = 30_000;

/** JSON over HTTP to one base URL, with its own keep-alive sockets and its own clocks. Any status is an answer. */
export class HttpClient {
  private readonly axios: AxiosInstance;

  constructor(
    readonly baseUrl: string,
    connectTimeoutMs: number,
    headers: Record<string, string> = {},
  ) {
    const options = { keepAlive: true, timeout: idleSocketMs, scheduling: "lifo" as const };
    this.axios = axios.create({
      baseURL: baseUrl,
      adapter: "http",
      httpAgent: withConnectTimeout(new HttpAgent(options), connectTimeoutMs),
      httpsAgent: withConnectTimeout(new HttpsAgent(options), connectTimeoutMs),
      proxy: false,
      maxRedirects: 0,
      decompress: false,
      maxBodyLength: Infinity,
      // Any limit, Infinity too, makes axios wrap a streamed body: destroying that while it is silent closes nothing.
      maxContentLength: -1,
      validateStatus: () => true,
      transformResponse: [(data: unknown) => data],
      headers: { "content-type": "application/json", ...headers },
    });
  }

  /** The whole answer; a JSON body is parsed, any other stays text. @throws UpstreamError */
  async request(request: HttpRequest): Promise<HttpAnswer<unknown>> {
    const { status, headers, body } = await this.send<string>(request, "text");
    return { status, headers, body: parseJson(body) };
  }

  /** The answer as soon as its headers are there; the caller reads or destroys `body`. @throws UpstreamError */
  stream(request: HttpRequest): Promise<HttpAnswer<IncomingMessage>> {
    return this.send<IncomingMessage>(request, "stream");
  }

  private async send<Body>(request: HttpRequest, responseType: "text" | "stream"): Promise<HttpAnswer<Body>> {
    const clock = new AbortController();
    const { timeoutMs } = request;
    const stopClock = timeoutMs === undefined ? () => {} : afterWaiting(timeoutMs, () => clock.abort());
    const signal = request.signal ? AbortSignal.any([request.signal, clock.signal]) : clock.signal;
    const attempt = () =>
      this.axios.request<Body>({
        method: request.method,
        url: request.path,
        data: request.body === undefined ? undefined : JSON.stringify(request.body),
        headers: request.headers,
        responseType,
        signal,
      });
    try {
      const answer = await attempt().catch((error: unknown) => {
        if (isStaleSocket(error)) return attempt();
        throw error;
      });
      return toAnswer(answer);
    } catch (error) {
      throw toUpstreamError(error, this.baseUrl, clock.signal.aborted);
    } finally {
      stopClock();
    }
  }
}

function toAnswer<Body>({ status, headers, data }: AxiosResponse<Body>): HttpAnswer<Body> {
  return { status, headers: headers as IncomingHttpHeaders, body: data };
}

/** A kept socket that the other side closed meanwhile: nothing was answered, so once more is safe. */
function isStaleSocket(error: unknown): boolean {
  if (!isAxiosError(error) || error.response || error.config?.signal?.aborted) return false;
  const request = error.request as { reusedSocket?: boolean } | undefined;
  return request?.reusedSocket === true && (error.code === "ECONNRESET" || error.code === "EPIPE");
}

function toUpstreamError(error: unknown, baseUrl: string, timedOut: boolean): UpstreamError {
  const { code, message } = error as { code?: string; message?: string };
  if (timedOut || code === connectTimeoutCode)
    return new UpstreamError("timeout", `${baseUrl} did not answer in time`, { cause: error });
  if (code === "ERR_CANCELED")
    return new UpstreamError("aborted", "the request was given up", { cause: error });
  if (code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "EHOSTUNREACH")
    return new UpstreamError("refused", `${baseUrl} cannot be reached (${code})`, { cause: error });
  return new UpstreamError("broken", `the connection to ${baseUrl} broke (${code ?? message})`, {
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
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error("connection timed out"), { code: connectTimeoutCode }));
    }, timeoutMs);
    socket.once("connect", () => clearTimeout(timer));
    socket.once("close", () => clearTimeout(timer));
    return socket;
  };
  return agent;
}
