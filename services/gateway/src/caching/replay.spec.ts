import { describe, expect, it } from "vitest";
import { foldMessage } from "#anthropic/fold-message.js";
import type { Message } from "#anthropic/messages.js";
import { decodeEvents } from "#anthropic/sse.js";
import { Replay } from "./replay.js";

const stored: Message = {
  id: "msg_stored",
  type: "message",
  role: "assistant",
  model: "qwen3-coder:30b",
  content: [
    { type: "thinking", thinking: "hm", signature: "sig" },
    { type: "text", text: "Two calls." },
    { type: "tool_use", id: "toolu_a", name: "Read", input: { file_path: "a" } },
    { type: "tool_use", id: "toolu_b", name: "Read", input: { file_path: "b" } },
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage: { input_tokens: 7, output_tokens: 9 },
};
const toolIds = ({ content }: Message) =>
  content.flatMap((block) => (block.type === "tool_use" ? [block.id] : []));

const forms: [string, (replay: Replay, model: string) => Promise<Message>][] = [
  ["one message", async (replay, model) => JSON.parse(replay.toJson(model)) as Message],
  ["a stream", (replay, model) => foldMessage(decodeEvents(bytesOf(replay.toEventStream(model))))],
];
async function* bytesOf(text: string) {
  yield Buffer.from(text);
}

describe.each(forms)("a replay as %s", (_name, read) => {
  it("gives the message and each tool call an id of its own, every time", async () => {
    const kept = new Replay(stored);
    const replays = [await read(kept, "m"), await read(kept, "m"), await read(new Replay(stored), "m")];
    const ids = [stored, ...replays].flatMap((message) => [message.id, ...toolIds(message)]);
    expect(new Set(ids).size).toBe(12);
    for (const replay of replays) {
      expect(replay.id).toMatch(/^msg_01[\w]{22}$/);
      for (const id of toolIds(replay)) expect(id).toMatch(/^toolu_01[\w]{22}$/);
    }
  });

  it.each(["claude-sonnet-4-5", 'a"strange\\\n→ model', "$&"])(
    "keeps everything else, under the name that was asked for: %j",
    async (model) => {
      const replay = await read(new Replay(stored), model);
      expect(replay).toEqual({
        ...stored,
        id: replay.id,
        model,
        content: stored.content.map((block, index) =>
          block.type === "tool_use" ? { ...block, id: (replay.content[index] as { id: string }).id } : block,
        ),
      });
    },
  );

  it("leaves the stored message as it is", async () => {
    const before = structuredClone(stored);
    await read(new Replay(stored), "other");
    expect(stored).toEqual(before);
  });
});
