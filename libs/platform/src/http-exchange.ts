import {
  type Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
  request as requestHttp,
} from "node:http";
import { request as requestHttps } from "node:https";

// What a message waits for goes with node:http alone: axios costs two or three times as much as the rest of a request.

const longText = 8192;

/** Twice the largest entry that the cache service can be told to take; a body without an end takes all memory. */
export const longestAnswer = 128 * 1024 * 1024;

export interface Exchange {
  method: string;
  path: string;
  data: string | Buffer | undefined;
  headers: Record<string, string>;
  /** Gives it up. */
  signal: AbortSignal;
  agent: Agent;
}

export interface TextAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
}

/** A call that got no whole answer. */
export class LostCall extends Error {
  constructor(
    /** Nothing was answered on a kept socket, which the other side may have closed meanwhile. */
    readonly isUnanswered: boolean,
    cause: Error,
  ) {
    super(cause.message, { cause });
    this.code = (cause as NodeJS.ErrnoException).code;
  }

  readonly code: string | undefined;
}

/** One request, until the head of its answer is there: the signal ends here. @throws LostCall */
export async function openExchange(
  base: RequestOptions,
  { method, path, data, headers, signal, agent }: Exchange,
): Promise<IncomingMessage> {
  signal.throwIfAborted();
  const send = base.protocol === "https:" ? requestHttps : requestHttp;
  // A long text is turned into bytes once instead of measured twice; a short one goes out in one piece with the head.
  const bytes = typeof data === "string" && data.length >= longText ? Buffer.from(data) : data;
  const length = bytes === undefined ? {} : { "content-length": String(Buffer.byteLength(bytes)) };
  const call = send({ ...base, method, path, headers: { ...headers, ...length }, agent });
  call.end(bytes);
  return headOf(call, signal);
}

/** What listens to the call is there as long as its answer, and knows nothing of what was sent. */
function headOf(call: ClientRequest, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const giveUp = () => call.destroy(signal.reason as Error);
    signal.addEventListener("abort", giveUp, { once: true });
    call.on("error", (error) => {
      signal.removeEventListener("abort", giveUp);
      reject(new LostCall(call.reusedSocket, error));
    });
    // Where the other side changes to another protocol unasked, Node closes the connection without a word.
    const onClose = () => {
      signal.removeEventListener("abort", giveUp);
      reject(new LostCall(false, new Error("the connection was closed without an answer")));
    };
    call.once("close", onClose);
    call.once("response", (answer) => {
      signal.removeEventListener("abort", giveUp);
      call.off("close", onClose);
      // Who reads it meets the error as well; who has not begun to does not fall over it.
      answer.on("error", () => undefined);
      resolve(answer);
    });
  });
}

/** One request and its whole answer. @throws LostCall */
export async function exchangeText(base: RequestOptions, exchange: Exchange): Promise<TextAnswer> {
  const answer = await openExchange(base, exchange);
  endWith(answer, exchange.signal);
  return new Promise((resolve, reject) => {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => {
      text += chunk;
      if (text.length > longestAnswer) answer.destroy(new Error("an answer without an end"));
    });
    answer.once("error", (error) => reject(new LostCall(false, error)));
    answer.once("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
  });
}

/** From now on the body breaks off when the signal fires, with its reason. */
export function endWith(body: IncomingMessage, signal: AbortSignal): void {
  const end = () => body.destroy(signal.reason as Error);
  if (signal.aborted) return void end();
  signal.addEventListener("abort", end, { once: true });
  body.once("close", () => signal.removeEventListener("abort", end));
}
