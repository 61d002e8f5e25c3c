import { describe, expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { foldMessage } from "#anthropic/fold-message.js";
import type { MessageStreamEvent } from "#anthropic/events.js";
import { messageToEvents } from "#anthropic/message-to-events.js";
import type { Message } from "#anthropic/messages.js";
import { type Restamping, restampEvents } from "./restamp-events.js";

const message: Message = {
  id: "msg_upstream",
  type: "message",
  role: "assistant",
  model: "qwen3-coder:30b",
  content: [
    { type: "text", text: "Hi." },
    { type: "tool_use", id: "toolu_upstream", name: "Read", input: { path: "a" } },
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 5 },
};
const timings = { load_seconds: 0, prefill_seconds: 1, decode_seconds: 2 };
const options: Restamping = { model: "claude-opus", startsEarly: false, inputTokens: 4 };

async function* upstream(state = { isClosed: false }): AsyncGenerator<MessageStreamEvent> {
  try {
    yield { type: "ping" };
    for (const event of messageToEvents(message))
      yield event.type === "message_stop" ? { ...event, timings } : event;
  } finally {
    state.isClosed = true;
  }
}

describe("restampEvents", () => {
  it.each([true, false])("keeps the message as it was, with startsEarly %s", async (startsEarly) => {
    const folded = await foldMessage(restampEvents(upstream(), { ...options, startsEarly }));
    expect(folded).toMatchObject({ ...message, id: folded.id, model: "claude-opus", content: [{}, {}] });
    expect(folded.content).toEqual([
      message.content[0],
      { ...message.content[1], id: expect.stringMatching(/^toolu_01\w{22}$/) as string },
    ]);
  });

  it("gives each client ids of its own", async () => {
    const [one, two] = await Promise.all([1, 2].map(() => foldMessage(restampEvents(upstream(), options))));
    const ids = [one, two].flatMap((folded) => [folded?.id, ...(folded?.content ?? []).map(idOf)]);
    expect(new Set(ids.filter((id) => id !== undefined)).size).toBe(4);
  });

  it("starts the message before the upstream when the client must hear something", async () => {
    const events = await collect(restampEvents(upstream(), { ...options, startsEarly: true }));
    expect(events.filter(({ type }) => type === "message_start")).toHaveLength(1);
    expect(events.slice(0, 2)).toMatchObject([
      {
        type: "message_start",
        message: { model: "claude-opus", content: [], usage: { input_tokens: 4, output_tokens: 0 } },
      },
      { type: "ping" },
    ]);
  });

  it("keeps our services' timings inside", async () => {
    const events = await collect(restampEvents(upstream(), options));
    expect(events.at(-1)).toEqual({ type: "message_stop" });
  });

  it("closes its source", async () => {
    const state = { isClosed: false };
    for await (const event of restampEvents(upstream(state), options)) if (event.type !== "ping") break;
    expect(state.isClosed).toBe(true);
  });
});

const idOf = (block: Message["content"][number]) => (block.type === "tool_use" ? block.id : undefined);
