import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { Step } from "../fake-ollama/script.js";
import type { FakeServerKind } from "./server-kinds.js";

export const finishReason = (reason: string | undefined, hasCall: boolean): string =>
  reason === "length" ? "length" : hasCall ? "tool_calls" : "stop";

/** Writes one answer as server-sent events. Syntax that node can strip only, for tests/faults. */
export class ChunkWriter {
  pieces = 0;
  private calls = 0;
  private readonly response: ServerResponse;
  private readonly kind: FakeServerKind;

  constructor(response: ServerResponse, kind: FakeServerKind = "vllm") {
    this.response = response;
    this.kind = kind;
  }

  begin(): void {
    this.response.writeHead(200, { "content-type": "text/event-stream" });
    this.delta({ role: "assistant", content: this.kind === "vllm" ? "" : null });
  }

  write(step: Step): void {
    this.pieces += 1;
    if ("text" in step) this.delta({ content: step.text });
    else if ("thinking" in step)
      this.delta(this.kind === "vllm" ? { reasoning: step.thinking } : { reasoning_content: step.thinking });
    else if ("toolCall" in step) this.call(step.toolCall.name, JSON.stringify(step.toolCall.arguments));
  }

  end(finish_reason: string, prompt_tokens: number, completion_tokens = 0): void {
    this.send({ choices: [{ index: 0, delta: {}, finish_reason }] });
    const total_tokens = prompt_tokens + completion_tokens;
    this.send({ choices: [], usage: { prompt_tokens, completion_tokens, total_tokens } });
    this.response.end("data: [DONE]\n\n");
  }

  /** The name first, then the arguments in pieces of a few characters. */
  private call(name: string, json: string): void {
    const index = this.calls++;
    const id = `chatcmpl-tool-${randomBytes(8).toString("hex")}`;
    this.delta({ tool_calls: [{ index, id, type: "function", function: { name, arguments: "" } }] });
    for (const piece of json.match(/.{1,7}/gsu) ?? [])
      this.delta({ tool_calls: [{ index, function: { arguments: piece } }] });
  }

  private delta(delta: object): void {
    this.send({ choices: [{ index: 0, delta, finish_reason: null }] });
  }

  private send(chunk: object): void {
    const created = Math.floor(Date.now() / 1000);
    const whole = { id: "chatcmpl-1", object: "chat.completion.chunk", created, model: "tiny", ...chunk };
    if (!this.response.destroyed) this.response.write(`data: ${JSON.stringify(whole)}\n\n`);
  }
}
