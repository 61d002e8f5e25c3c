import { createHash } from "node:crypto";
import { ApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { mintMessageId, mintToolUseId } from "#anthropic/ids.js";
import type { GenerationTimings } from "#anthropic/events.js";
import type { OutputBlock, Usage } from "#anthropic/messages.js";
import type { GenerationEnd, GenerationEvent } from "../backends/inference-backend.js";

export interface FramingOptions {
  model: string;
  /** The prompt's tokens as counted before; the backend's own count replaces it at the end. */
  inputTokens: number;
  /** How long the generation waited for its turn. */
  queueSeconds?: number;
}

type BlockType = OutputBlock["type"];

/** What a model does → the events of the Messages API: block indices, ids and usage, once for all backends. */
export async function* frameMessageEvents(
  events: AsyncIterable<GenerationEvent>,
  options: FramingOptions,
): AsyncGenerator<MessageStreamEvent> {
  const blocks = new BlockFrame();
  let started = false;
  for await (const event of events) {
    if (!started) yield messageStart(options);
    started = true;
    switch (event.type) {
      case "text":
        yield* blocks.enter("text", () => ({ type: "text", text: "" }));
        yield blocks.delta({ type: "text_delta", text: event.text });
        break;
      case "thinking":
        yield* blocks.enter("thinking", () => ({ type: "thinking", thinking: "", signature: "" }));
        yield blocks.think(event.thinking);
        break;
      case "tool_use_start":
        yield* blocks.leave();
        yield* blocks.enter("tool_use", () => ({
          type: "tool_use",
          id: mintToolUseId(),
          name: event.name,
          input: {},
        }));
        break;
      case "tool_use_input":
        yield blocks.delta({ type: "input_json_delta", partial_json: event.partialJson });
        break;
      case "end":
        yield* blocks.leave();
        yield messageDelta(event, options.inputTokens);
        yield {
          type: "message_stop",
          timings: toTimings(event, options.queueSeconds),
          ...(event.hasLostCall ? { has_lost_call: true } : {}),
        };
        return;
    }
  }
  throw new ApiError("api_error", "the backend ended its answer before it was complete");
}

/** The block that is open, if one is, and its index. */
class BlockFrame {
  private index = -1;
  private open: BlockType | undefined;
  private thoughts = createHash("sha256");

  *enter(type: BlockType, start: () => OutputBlock): Generator<MessageStreamEvent> {
    if (this.open === type && type !== "tool_use") return;
    yield* this.leave();
    this.open = type;
    this.index += 1;
    yield { type: "content_block_start", index: this.index, content_block: start() };
  }

  delta(delta: Extract<MessageStreamEvent, { type: "content_block_delta" }>["delta"]): MessageStreamEvent {
    return { type: "content_block_delta", index: this.index, delta };
  }

  think(thinking: string): MessageStreamEvent {
    this.thoughts.update(thinking);
    return this.delta({ type: "thinking_delta", thinking });
  }

  *leave(): Generator<MessageStreamEvent> {
    if (this.open === undefined) return;
    if (this.open === "thinking") {
      // Clients send the signature back unread; one that depends on the text alone keeps the cache key stable.
      yield this.delta({ type: "signature_delta", signature: this.thoughts.digest("base64") });
      this.thoughts = createHash("sha256");
    }
    yield { type: "content_block_stop", index: this.index };
    this.open = undefined;
  }
}

function messageStart({ model, inputTokens }: FramingOptions): MessageStreamEvent {
  return {
    type: "message_start",
    message: {
      id: mintMessageId(),
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: toUsage(inputTokens, 0),
    },
  };
}

function messageDelta(end: GenerationEnd, countedTokens: number): MessageStreamEvent {
  return {
    type: "message_delta",
    delta: { stop_reason: end.stopReason, stop_sequence: end.stopSequence },
    usage: toUsage(end.inputTokens ?? countedTokens, end.outputTokens),
  };
}

const toUsage = (input_tokens: number, output_tokens: number): Usage => ({
  input_tokens,
  cache_creation_input_tokens: 0,
  cache_read_input_tokens: 0,
  output_tokens,
});

const toTimings = (end: GenerationEnd, queueSeconds: number | undefined): GenerationTimings => ({
  queue_seconds: queueSeconds,
  load_seconds: end.loadSeconds,
  prefill_seconds: end.prefillSeconds,
  decode_seconds: end.decodeSeconds,
});
