import { toApiError } from "#anthropic/errors.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import type { RunningService } from "#platform/bootstrap.js";
import type { CreateMessage, InferenceCall } from "../../services/gateway/src/inference/inference-call.js";
import { IdleWatch } from "../../services/inference-adapter/src/idle/idle-watch.js";
import { MessagesService } from "../../services/inference-adapter/src/messages/messages.service.js";

/** The adapter of this process, asked as over HTTP, but nothing is written and read again. */
export function toCreateMessage({ app }: RunningService): CreateMessage {
  const messages = app.get(MessagesService);
  const idle = app.get(IdleWatch);
  return async (call) => {
    idle.noteUse();
    const hangUp = new AbortController();
    const created = await open(messages, call, hangUp);
    const { model, loweredMaxTokens, inputTokens, isJoined, subscription } = created;
    return {
      fingerprint: model.fingerprint,
      servedModel: model.name,
      maxTokens: loweredMaxTokens?.toString(),
      inputTokens,
      isJoined,
      leave: subscription.detach,
      drop: () => hangUp.abort(leftReason),
      events: readEvents(subscription.events, hangUp),
    };
  };
}

/** The call's signal ends here, as in `InferenceClient`: an answer that has begun may go on to be recorded. */
async function open(messages: MessagesService, call: InferenceCall, hangUp: AbortController) {
  const { request, key, joins, isReadWhole, requestId, session, conversation, signal } = call;
  signal.throwIfAborted();
  const giveUp = () => hangUp.abort(signal.reason);
  signal.addEventListener("abort", giveUp, { once: true });
  const asker = { key: key ?? requestId, joins, session, conversation };
  try {
    return await messages.createCanonical(request, { ...asker, isReadWhole }, hangUp.signal);
  } catch (error) {
    throw toApiError(error);
  } finally {
    signal.removeEventListener("abort", giveUp);
  }
}

/** Node makes an exception with its stack where none is given: for each answer. */
const leftReason = new Error("the gateway has left");

async function* readEvents(
  events: AsyncGenerator<MessageStreamEvent>,
  hangUp: AbortController,
): AsyncGenerator<MessageStreamEvent> {
  try {
    yield* events;
  } catch (error) {
    throw toApiError(error);
  } finally {
    hangUp.abort(leftReason);
  }
}
