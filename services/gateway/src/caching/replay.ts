import { randomUUID } from "node:crypto";
import { mintMessageId, mintToolUseId } from "#anthropic/ids.js";
import { messageToEvents } from "#anthropic/message-to-events.js";
import type { Message } from "#anthropic/messages.js";
import { encodeEvent } from "#anthropic/sse.js";

/** Stands in no answer. */
const mark = `gap-${randomUUID()}-`;
const gaps = { message: `${mark}1`, model: `${mark}2`, toolUse: `${mark}3` };

/** A text and, behind each of its parts but the last, what a replay puts there: 1, 2 or 3, as in `gaps`. */
interface Template {
  first: string;
  others: { gap: string; text: string }[];
}

/**
 * A stored answer as the texts in which it is given, made once. Each replay is under the name that was asked for
 * and with ids of its own, so that two replays in one session do not collide.
 */
export class Replay {
  private json: Template | undefined;
  private events: Template | undefined;

  constructor(private readonly stored: Message) {}

  /** As one message. */
  toJson(requestedModel: string): string {
    this.json ??= toTemplate(JSON.stringify(withGaps(this.stored)));
    return fill(this.json, requestedModel);
  }

  /** As all the events of a stream. */
  toEventStream(requestedModel: string): string {
    this.events ??= toTemplate([...messageToEvents(withGaps(this.stored))].map(encodeEvent).join(""));
    return fill(this.events, requestedModel);
  }
}

function withGaps(stored: Message): Message {
  return {
    ...stored,
    id: gaps.message,
    model: gaps.model,
    content: stored.content.map((block) =>
      block.type === "tool_use" ? { ...block, id: gaps.toolUse } : block,
    ),
  };
}

function toTemplate(text: string): Template {
  const [first = "", ...parts] = text.split(mark);
  return { first, others: parts.map((part) => ({ gap: mark + part.charAt(0), text: part.slice(1) })) };
}

function fill({ first, others }: Template, model: string): string {
  let filled = first;
  for (const { gap, text } of others) filled += mint(gap, model) + text;
  return filled;
}

function mint(gap: string, model: string): string {
  if (gap === gaps.message) return mintMessageId();
  return gap === gaps.model ? JSON.stringify(model).slice(1, -1) : mintToolUseId();
}
