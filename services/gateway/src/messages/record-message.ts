import type { GenerationTimings, MessageStreamEvent } from "#anthropic/events.js";
import { MessageFold } from "#anthropic/fold-message.js";
import type { Message } from "#anthropic/messages.js";
import { Handover } from "./handover.js";

export interface Recording {
  message: Message;
  timings: GenerationTimings | undefined;
}

/**
 * Reads an answer to its end, whether its client stays or not, and folds it on the way. `onWhole` gets the
 * message before its last event can be read. An answer out of order or broken off ends with an error.
 */
export function recordMessage(
  events: AsyncIterable<MessageStreamEvent>,
  onWhole: (recording: Recording) => void,
): Handover<MessageStreamEvent> {
  const handover = new Handover<MessageStreamEvent>();
  void pump(events, handover, onWhole).then(
    () => handover.finish(),
    (error: unknown) => handover.finish(error ?? new Error("the answer failed without a reason")),
  );
  return handover;
}

async function pump(
  events: AsyncIterable<MessageStreamEvent>,
  handover: Handover<MessageStreamEvent>,
  onWhole: (recording: Recording) => void,
): Promise<void> {
  const fold = new MessageFold();
  for await (const event of events) {
    fold.add(event);
    if (event.type === "message_stop") onWhole({ message: fold.finish(), timings: event.timings });
    handover.add(event);
  }
}
