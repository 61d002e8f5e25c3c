import type { BlockDelta, GenerationTimings, MessageStreamEvent } from "#anthropic/events.js";
import { MessageFold } from "#anthropic/fold-message.js";
import type { Message } from "#anthropic/messages.js";
import { Handover } from "./handover.js";

const charactersPerToken = 4;

export interface Recording {
  message: Message;
  timings: GenerationTimings | undefined;
  /** The model meant a call that came out as text: another generation may have it. */
  hasLostCall?: boolean | undefined;
}

/** What becomes of a recording; one of the two is called, once. */
export interface RecordingOutcome {
  /** Before the last event can be read. */
  onWhole: (recording: Recording) => void;
  /** It broke off, or has something in it that no message can tell. `outputTokens` were passed on, estimated. */
  onUntold: (outputTokens: number) => void;
}

/**
 * Reads an answer to its end, whether its client stays or not, and folds it on the way. An answer out of order or
 * broken off ends with an error.
 */
export function recordMessage(
  events: AsyncIterable<MessageStreamEvent>,
  outcome: RecordingOutcome,
): Handover<MessageStreamEvent> {
  const handover = new Handover<MessageStreamEvent>();
  void pump(events, handover, outcome).then(
    () => handover.finish(),
    (error: unknown) => handover.finish(error ?? new Error("the answer failed without a reason")),
  );
  return handover;
}

async function pump(
  events: AsyncIterable<MessageStreamEvent>,
  handover: Handover<MessageStreamEvent>,
  { onWhole, onUntold }: RecordingOutcome,
): Promise<void> {
  const fold = new MessageFold();
  let isTold = false;
  let deltas = 0;
  let characters = 0;
  try {
    for await (const event of events) {
      fold.add(event);
      if (event.type === "content_block_delta") {
        deltas += 1;
        characters += lengthOf(event.delta);
      }
      if (event.type === "message_stop" && fold.isExact) {
        isTold = true;
        onWhole({ message: fold.finish(), timings: event.timings, hasLostCall: event.has_lost_call });
      }
      handover.add(event);
    }
  } finally {
    // Some come one by one, some many at a time.
    if (!isTold) onUntold(Math.max(deltas, Math.ceil(characters / charactersPerToken)));
  }
}

function lengthOf(delta: BlockDelta): number {
  if (delta.type === "text_delta") return delta.text.length;
  if (delta.type === "thinking_delta") return delta.thinking.length;
  return delta.type === "input_json_delta" ? delta.partial_json.length : 0;
}
