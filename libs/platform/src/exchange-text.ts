import { type Agent, type IncomingHttpHeaders, type RequestOptions, request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

export interface TextExchange {
  method: string;
  path: string;
  data: string | undefined;
  headers: Record<string, string>;
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

/**
 * One request and its whole answer with node:http alone: what the services ask each other is small, and axios costs
 * more than all the rest of it. @throws LostCall
 */
export function exchangeText(
  base: RequestOptions,
  { method, path, data, headers, signal, agent }: TextExchange,
): Promise<TextAnswer> {
  const send = base.protocol === "https:" ? requestHttps : requestHttp;
  const length = data === undefined ? {} : { "content-length": String(Buffer.byteLength(data)) };
  return new Promise((resolve, reject) => {
    let isAnswered = false;
    const call = send({ ...base, method, path, headers: { ...headers, ...length }, signal, agent });
    const fail = (error: Error) => reject(new LostCall(call.reusedSocket && !isAnswered, error));
    call.once("error", fail);
    call.once("response", (answer) => {
      isAnswered = true;
      let text = "";
      answer.setEncoding("utf8");
      answer.on("data", (chunk: string) => (text += chunk));
      answer.once("error", fail);
      answer.once("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    call.end(data);
  });
}
