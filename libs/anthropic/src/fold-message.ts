import { ApiError, parseErrorBody } from "./errors.js";
import type { BlockDelta, MessageStreamEvent } from "./events.js";
import type { Message, OutputBlock } from "./messages.js";

type OpenBlock = { block: OutputBlock; parts: string[]; signature: string; citations: unknown[] };

/**
 * Folds the events of one answer into the message they tell. Events in a wrong order throw:
 * a stream that cannot be folded must not be stored or answered as if it were whole.
 */
export class MessageFold {
  private message: Message | undefined;
  private open: OpenBlock | undefined;
  /** A tool call without its end: right only as the last thing before the output limit, and then left out. */
  private cutCall = false;
  /** The last block is a call without any input: with the output limit behind it, it was cut before its input. */
  private emptyCall = false;
  private ending = false;
  private stopped = false;
  /** A delta of a type that came after this was written: whoever reads the events may know it, the message lacks it. */
  private unknownDelta: string | undefined;

  /** @throws ApiError when the event is an error, malformed, or not what can come next. */
  add(event: MessageStreamEvent): void {
    try {
      this.apply(event);
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw new ApiError("api_error", "the upstream sent a malformed event", { cause: error });
    }
  }

  private apply(event: MessageStreamEvent): void {
    switch (event.type) {
      case "ping":
        return;
      case "error":
        throw parseErrorBody(500, event);
      case "message_start":
        if (this.message) throw wrongOrder("a second message_start");
        requireText(event.message.id);
        this.message = { ...event.message, content: [], usage: { ...event.message.usage } };
        return;
      case "content_block_start": {
        const { content } = this.unfinished(event.type);
        if (this.cutCall) throw unfinishedInput();
        if (this.open || this.ending || event.index !== content.length)
          throw wrongOrder(`content_block_start ${event.index}`);
        requireText(event.content_block.type);
        this.open = { block: { ...event.content_block }, parts: [], signature: "", citations: [] };
        return;
      }
      case "content_block_delta":
        if (!addDelta(this.openBlock(event), event.delta)) this.unknownDelta ??= event.delta.type;
        return;
      case "content_block_stop":
        this.close(this.unfinished(event.type), this.openBlock(event));
        return;
      case "message_delta": {
        const message = this.unfinished(event.type);
        if (this.open) throw wrongOrder("message_delta inside a block");
        if (this.cutCall && event.delta.stop_reason !== "max_tokens") throw unfinishedInput();
        this.ending = true;
        message.stop_reason = event.delta.stop_reason ?? message.stop_reason ?? null;
        if (this.emptyCall && message.stop_reason === "max_tokens") message.content.pop();
        this.emptyCall = false;
        message.stop_sequence = event.delta.stop_sequence ?? null;
        message.usage = { ...message.usage, ...withoutNulls(event.usage ?? {}) };
        return;
      }
      case "message_stop":
        this.unfinished(event.type);
        if (!this.ending) throw wrongOrder("message_stop without message_delta");
        this.stopped = true;
    }
  }

  private close({ content }: Message, open: OpenBlock): void {
    this.open = undefined;
    const block = closeBlock(open);
    this.emptyCall = isWithoutInput(open);
    if (block) content.push(block);
    else this.cutCall = true;
  }

  private unfinished(type: string): Message {
    if (!this.message) throw wrongOrder(`${type} before message_start`);
    if (this.stopped) throw wrongOrder(`${type} after message_stop`);
    return this.message;
  }

  private openBlock({ type, index }: { type: string; index: number }): OpenBlock {
    const { content } = this.unfinished(type);
    if (!this.open || index !== content.length) throw wrongOrder(`${type} ${index}`);
    return this.open;
  }

  /** Every event is in the message. */
  get isExact(): boolean {
    return this.unknownDelta === undefined;
  }

  /** The whole message. @throws ApiError `api_error` when the stream ended before `message_stop` or is not all in it */
  finish(): Message {
    if (!this.message || !this.stopped)
      throw new ApiError("api_error", "the upstream's stream ended before the message was complete");
    if (this.unknownDelta !== undefined)
      throw new ApiError(
        "api_error",
        `the upstream sent a delta that only a stream can pass on: ${this.unknownDelta}`,
      );
    return this.message;
  }
}

/** The message that a whole stream of events tells. */
export async function foldMessage(events: AsyncIterable<MessageStreamEvent>): Promise<Message> {
  const fold = new MessageFold();
  for await (const event of events) fold.add(event);
  return fold.finish();
}

/** @returns false where the delta's type is not known */
function addDelta(open: OpenBlock, delta: BlockDelta): boolean {
  const { type } = open.block;
  switch (delta.type) {
    case "text_delta":
      if (type !== "text") break;
      open.parts.push(requireText(delta.text));
      return true;
    case "citations_delta":
      if (type !== "text") break;
      open.citations.push(delta.citation);
      return true;
    case "thinking_delta":
      if (type !== "thinking") break;
      open.parts.push(requireText(delta.thinking));
      return true;
    case "signature_delta":
      if (type !== "thinking") break;
      open.signature = requireText(delta.signature);
      return true;
    case "input_json_delta":
      // Calls of a server's own tools have their input in pieces too.
      if (type === "text" || type === "thinking") break;
      open.parts.push(requireText(delta.partial_json));
      return true;
    default:
      requireText((delta as { type: unknown }).type);
      return false;
  }
  throw wrongOrder(`${delta.type} inside a ${type} block`);
}

function requireText(value: unknown): string {
  if (typeof value === "string") return value;
  throw new TypeError("a text is missing");
}

/**
 * A block of a type that came after this was written has no deltas that we know: it is kept as it started.
 * Undefined where it is a tool call without its end.
 */
function closeBlock({ block, parts, signature, citations }: OpenBlock): OutputBlock | undefined {
  const joined = parts.join("");
  if (block.type === "text")
    return {
      ...block,
      text: (block.text ?? "") + joined,
      ...(citations.length > 0 ? { citations: [...(block.citations ?? []), ...citations] } : {}),
    };
  if (block.type === "thinking")
    return {
      ...block,
      thinking: (block.thinking ?? "") + joined,
      signature: signature || (block.signature ?? ""),
    };
  if (joined === "") return block;
  const input = tryParse(joined);
  if (input === undefined) return undefined;
  if (typeof input !== "object" || input === null || Array.isArray(input)) throw unfinishedInput();
  return { ...block, input: input as Record<string, unknown> };
}

/** A call whose input nothing was said of, not even that it is empty (`{}`). */
function isWithoutInput({ block, parts }: OpenBlock): boolean {
  if (block.type !== "tool_use" || Object.keys(block.input ?? {}).length > 0) return false;
  return parts.every((part) => part === "");
}

const unfinishedInput = () =>
  new ApiError("api_error", "the upstream streamed a tool input that is no JSON object");

function tryParse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

const withoutNulls = (usage: object) =>
  Object.fromEntries(Object.entries(usage).filter(([, tokens]) => tokens != null));

const wrongOrder = (what: string) =>
  new ApiError("api_error", `the upstream's stream is out of order: ${what}`);
