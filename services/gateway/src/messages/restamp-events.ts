import type { MessageStreamEvent } from "#anthropic/events.js";
import { mintMessageId, mintToolUseId } from "#anthropic/ids.js";
import type { Message } from "#anthropic/messages.js";

export interface Restamping {
  /** The name that the client asked for. */
  model: string;
  /** True: the client must hear from us now, so the message starts before the upstream has started it. */
  startsEarly: boolean;
  inputTokens: number;
  /** Called before each piece of content. */
  onDelta?: () => void;
}

/**
 * The upstream's events as the client sees them: under the requested name, with ids of their own (several
 * clients may share one generation), without our services' extensions.
 */
export async function* restampEvents(
  events: AsyncIterable<MessageStreamEvent>,
  { model, startsEarly, inputTokens, onDelta }: Restamping,
): AsyncGenerator<MessageStreamEvent> {
  if (startsEarly) yield { type: "message_start", message: emptyMessage(model, inputTokens) };
  for await (const event of events) {
    if (event.type === "content_block_delta") {
      onDelta?.();
      yield event;
    } else if (event.type === "message_start") {
      if (!startsEarly)
        yield { type: "message_start", message: { ...event.message, id: mintMessageId(), model } };
    } else if (event.type === "content_block_start" && event.content_block.type === "tool_use")
      yield { ...event, content_block: { ...event.content_block, id: mintToolUseId() } };
    else if (event.type === "message_stop") yield { type: "message_stop" };
    else yield event;
  }
}

function emptyMessage(model: string, input_tokens: number): Message {
  return {
    id: mintMessageId(),
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 },
  };
}
