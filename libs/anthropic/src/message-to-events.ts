import type { BlockDelta, MessageStreamEvent } from "./events.js";
import type { Message, OutputBlock } from "./messages.js";

/** A finished message as the events that tell it: the inverse of `foldMessage`. Each block is one delta; of an unknown type, none. */
export function* messageToEvents(message: Message): Generator<MessageStreamEvent> {
  yield {
    type: "message_start",
    message: {
      ...message,
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: { ...message.usage, output_tokens: 0 },
    },
  };
  for (const [index, block] of message.content.entries()) {
    yield { type: "content_block_start", index, content_block: emptyBlock(block) };
    for (const delta of toDeltas(block)) yield { type: "content_block_delta", index, delta };
    yield { type: "content_block_stop", index };
  }
  yield {
    type: "message_delta",
    delta: { stop_reason: message.stop_reason, stop_sequence: message.stop_sequence },
    usage: message.usage,
  };
  yield { type: "message_stop" };
}

function emptyBlock(block: OutputBlock): OutputBlock {
  switch (block.type) {
    case "text":
      return { ...block, text: "" };
    case "thinking":
      return { ...block, thinking: "", signature: "" };
    case "tool_use":
      return { ...block, input: {} };
    default:
      return block;
  }
}

function toDeltas(block: OutputBlock): BlockDelta[] {
  switch (block.type) {
    case "text":
      return [{ type: "text_delta", text: block.text }];
    case "thinking":
      return [
        { type: "thinking_delta", thinking: block.thinking },
        { type: "signature_delta", signature: block.signature },
      ];
    case "tool_use":
      return [{ type: "input_json_delta", partial_json: JSON.stringify(block.input) }];
    default:
      return [];
  }
}
