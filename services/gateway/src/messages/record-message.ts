import type { GenerationTimings, MessageStreamEvent } from "#anthropic/events.js";
import { MessageFold } from "#anthropic/fold-message.js";
import type { Message } from "#anthropic/messages.js";

export interface Recording {
  message: Message;
  timings: GenerationTimings | undefined;
}

/** Passes events on and folds them beside; `onWhole` gets the message before its last event goes out. */
export async function* recordMessage(
  events: AsyncIterable<MessageStreamEvent>,
  onWhole: (recording: Recording) => void,
): AsyncGenerator<MessageStreamEvent> {
  const fold = new MessageFold();
  for await (const event of events) {
    fold.add(event);
    if (event.type === "message_stop") onWhole({ message: fold.finish(), timings: event.timings });
    yield event;
  }
}
