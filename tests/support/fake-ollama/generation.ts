// One answer of /api/chat or /api/generate, written as the steps of its script come.
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { timestamp } from "#fake-ollama/models.js";
import type { FakeToolCall, Step } from "#fake-ollama/script.js";
import { callText } from "#fake-ollama/tiny-model.js";

export interface Exchange {
  response: ServerResponse;
  /** Aborts when the client has gone. */
  signal: AbortSignal;
  /** Aborts when the server stops. */
  life: AbortSignal;
  /** We broke the connection ourselves. */
  isCut: boolean;
}

export interface Answer {
  exchange: Exchange;
  model: string;
  kind: "chat" | "generate";
  stream: boolean;
  promptTokens: number;
  tokenDelayMs(): number;
}

interface Piece {
  content?: string;
  thinking?: string;
  tool_calls?: object[];
}

const quietly = (promise: Promise<unknown>): Promise<unknown> => promise.catch(() => undefined);

export function reply(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers?: Record<string, string>,
): void {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/plain; charset=utf-8" : "application/json; charset=utf-8";
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Length": Buffer.byteLength(text),
    ...headers,
  });
  response.end(text);
}

/** Headers go out with the first line, not before. */
export async function writeChunk(
  response: ServerResponse,
  chunk: string,
  signal?: AbortSignal,
): Promise<void> {
  if (!response.headersSent) response.writeHead(200, { "Content-Type": "application/x-ndjson" });
  if (response.write(chunk)) await turn();
  else await quietly(once(response, "drain", { signal }));
}

export async function writeAnswer(steps: Iterable<Step>, answer: Answer): Promise<void> {
  const { response, signal, life } = answer.exchange;
  const startedAt = Date.now();
  const whole: Piece = { content: "" };
  let calls = 0;

  const show = async (piece: Piece): Promise<void> => {
    if (answer.tokenDelayMs() > 0) await quietly(sleep(answer.tokenDelayMs(), undefined, { signal }));
    if (answer.stream) return writeChunk(response, `${JSON.stringify(toLine(answer, piece))}\n`, signal);
    whole.content += piece.content ?? "";
    if (piece.thinking) whole.thinking = (whole.thinking ?? "") + piece.thinking;
    if (piece.tool_calls) whole.tool_calls = [...(whole.tool_calls ?? []), ...piece.tool_calls];
    await turn();
  };

  for (const step of steps) {
    if (signal.aborted) return;
    if ("text" in step) await show({ content: step.text });
    else if ("thinking" in step) await show({ content: "", thinking: step.thinking });
    else if ("toolCall" in step) await show(toCallPiece(step.toolCall, answer.kind, calls++));
    else if ("delayMs" in step) await quietly(sleep(step.delayMs, undefined, { signal }));
    else if ("headersDelayMs" in step) await quietly(sleep(step.headersDelayMs, undefined, { signal: life }));
    else if ("raw" in step) await writeChunk(response, step.raw, signal);
    else if ("status" in step) reply(response, step.status, step.body);
    else if ("cut" in step) await cut(step.cut, answer.exchange);
    else if ("done" in step) {
      const last = { ...toLine(answer, whole), ...toEnding(step.done, answer.promptTokens, startedAt) };
      if (!answer.stream && !response.headersSent) reply(response, 200, last);
      else await writeChunk(response, `${JSON.stringify(last)}\n`, signal);
    }
  }
  if (!response.writableEnded) response.end();
}

function toCallPiece(call: FakeToolCall, kind: Answer["kind"], index: number): Piece {
  if (kind === "generate") return { content: callText(call.name, call.arguments) };
  const id = `call_${randomBytes(4).toString("hex")}`;
  return { content: "", tool_calls: [{ id, function: { index, ...call } }] };
}

function toLine({ model, kind }: Answer, { content = "", thinking, tool_calls }: Piece) {
  const created = { model, created_at: timestamp() };
  if (kind === "generate")
    return { ...created, response: content, ...(thinking && { thinking }), done: false };
  const message = {
    role: "assistant",
    content,
    ...(thinking && { thinking }),
    ...(tool_calls && { tool_calls }),
  };
  return { ...created, message, done: false };
}

function toEnding(
  { reason = "stop", promptEvalCount, evalCount = 1 }: Extract<Step, { done: unknown }>["done"],
  promptTokens: number,
  startedAt: number,
) {
  const total = (Date.now() - startedAt) * 1_000_000 + 4_760_309;
  return {
    done: true,
    done_reason: reason,
    total_duration: total,
    load_duration: 1_849_065,
    prompt_eval_count: promptEvalCount ?? promptTokens,
    prompt_eval_duration: 904_704,
    eval_count: evalCount,
    ...(evalCount > 1 && { eval_duration: total - 2_753_769 }),
  };
}

/** `end`: a body that ends properly but without a `done` line. `reset`: RST in the middle. */
async function cut(how: "end" | "reset", exchange: Exchange): Promise<void> {
  if (how === "end") {
    if (!exchange.response.headersSent) await writeChunk(exchange.response, "");
    exchange.response.end();
    return;
  }
  await sleep(10); // the lines before it are to arrive
  exchange.isCut = true;
  exchange.response.socket?.resetAndDestroy();
}
