import { describe, expect, it } from "vitest";
import type { Message } from "#anthropic/messages.js";
import { replayMessage } from "./replay-message.js";

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

describe("replayMessage", () => {
  it("gives the message and each tool call an id of its own, every time", () => {
    const replays = [replayMessage(stored, "m"), replayMessage(stored, "m")];
    const ids = [stored, ...replays].flatMap((message) => [message.id, ...toolIds(message)]);
    expect(new Set(ids).size).toBe(9);
    for (const replay of replays) {
      expect(replay.id).toMatch(/^msg_01[\w]{22}$/);
      for (const id of toolIds(replay)) expect(id).toMatch(/^toolu_01[\w]{22}$/);
    }
  });

  it("keeps everything else, under the name that was asked for", () => {
    const replay = replayMessage(stored, "claude-sonnet-4-5");
    expect(replay).toEqual({
      ...stored,
      id: replay.id,
      model: "claude-sonnet-4-5",
      content: stored.content.map((block, index) =>
        block.type === "tool_use" ? { ...block, id: (replay.content[index] as { id: string }).id } : block,
      ),
    });
  });

  it("leaves the stored message as it is", () => {
    const before = structuredClone(stored);
    replayMessage(stored, "other");
    expect(stored).toEqual(before);
  });
});
