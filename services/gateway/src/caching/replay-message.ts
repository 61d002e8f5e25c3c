import { mintMessageId, mintToolUseId } from "#anthropic/ids.js";
import type { Message } from "#anthropic/messages.js";

/** A stored answer as a new one: with ids of its own, so that two replays in one session do not collide. */
export function replayMessage(stored: Message, requestedModel: string): Message {
  return {
    ...stored,
    id: mintMessageId(),
    model: requestedModel,
    content: stored.content.map((block) =>
      block.type === "tool_use" ? { ...block, id: mintToolUseId() } : block,
    ),
  };
}
