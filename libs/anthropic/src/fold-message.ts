import { ApiError } from "./errors.js";
import type { BlockDelta, MessageStreamEvent } from "./events.js";
import type { Message, OutputBlock } from "./messages.js";

type OpenBlock = { block: OutputBlock; parts: string[]; signature: string };

/**
 * Folds the events of one answer into the message they tell. Events in a wrong order throw:
 * a stream that cannot be folded must not be stored or answered as if it were whole.
 */
export class MessageFold {
  private message: Message | undefined;
  private open: OpenBlock | undefined;
  private stopped = false;

  add(event: MessageStreamEvent): void {
    if (event.type === "ping") return;
    if (event.type === "error") throw new ApiError(event.error.type, event.error.message);
    if (this.stopped) throw wrongOrder(`${event.type} after message_stop`);
    if (event.type === "message_start") {
      if (this.message) throw wrongOrder("a second message_start");
      this.message = { ...event.message, content: [], usage: { ...event.message.usage } };
      return;
    }
    const message = this.message;
    if (!message) throw wrongOrder(`${event.type} before message_start`);
    switch (event.type) {
      case "content_block_start":
        if (this.open || event.index !== message.content.length)
          throw wrongOrder(`content_block_start ${event.index}`);
        this.open = { block: event.content_block, parts: [], signature: "" };
        return;
      case "content_block_delta":
        if (!this.open || event.index !== message.content.length)
          throw wrongOrder(`content_block_delta ${event.index}`);
        addDelta(this.open, event.delta);
        return;
      case "content_block_stop":
        if (!this.open || event.index !== message.content.length)
          throw wrongOrder(`content_block_stop ${event.index}`);
        message.content.push(closeBlock(this.open));
        this.open = undefined;
        return;
      case "message_delta":
        message.stop_reason = event.delta.stop_reason;
        message.stop_sequence = event.delta.stop_sequence;
        for (const [name, tokens] of Object.entries(event.usage))
          if (tokens != null) Object.assign(message.usage, { [name]: tokens });
        return;
      case "message_stop":
        if (this.open) throw wrongOrder("message_stop inside a block");
        this.stopped = true;
    }
  }

  get isComplete(): boolean {
    return this.stopped;
  }

  /** The whole message. @throws ApiError `api_error` when the stream ended before `message_stop`. */
  finish(): Message {
    if (!this.message || !this.stopped)
      throw new ApiError("api_error", "the upstream's stream ended before the message was complete");
    return this.message;
  }
}

/** The message that a whole stream of events tells. */
export async function foldMessage(events: AsyncIterable<MessageStreamEvent>): Promise<Message> {
  const fold = new MessageFold();
  for await (const event of events) fold.add(event);
  return fold.finish();
}

function addDelta(open: OpenBlock, delta: BlockDelta): void {
  const type = open.block.type;
  if (delta.type === "text_delta" && type === "text") open.parts.push(delta.text);
  else if (delta.type === "thinking_delta" && type === "thinking") open.parts.push(delta.thinking);
  else if (delta.type === "input_json_delta" && type === "tool_use") open.parts.push(delta.partial_json);
  else if (delta.type === "signature_delta" && type === "thinking") open.signature = delta.signature;
  else throw wrongOrder(`${delta.type} inside a ${type} block`);
}

function closeBlock({ block, parts, signature }: OpenBlock): OutputBlock {
  const joined = parts.join("");
  switch (block.type) {
    case "text":
      return { ...block, text: block.text + joined };
    case "thinking":
      return { ...block, thinking: block.thinking + joined, signature: signature || block.signature };
    case "tool_use":
      return joined === "" ? block : { ...block, input: parseToolInput(joined) };
  }
}

function parseToolInput(json: string): Record<string, unknown> {
  try {
    return JSON.parse(json) as Record<string, unknown>;
  } catch {
    throw new ApiError("api_error", "the upstream streamed a tool input that is no JSON");
  }
}

const wrongOrder = (what: string) =>
  new ApiError("api_error", `the upstream's stream is out of order: ${what}`);
