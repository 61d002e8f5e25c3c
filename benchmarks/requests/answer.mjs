// The one answer that everything here gives: a text and a call of a tool, about 4 KB, in the forms that the
// programs of the benchmark send.

import { toOllamaEnd, toOllamaLine } from "./ollama-lines.mjs";

const sentence =
  "The build fails because the second part reads a file that the first one has not written yet. ";
const words = sentence.repeat(28).match(/ ?\S+/g);
const input = { file_path: "/home/dev/demo/src/part-1.ts", content: sentence.repeat(10) };
const usage = { input_tokens: 25_000, output_tokens: 700 };
const message = {
  id: "msg_01benchmark000000000000",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-4-5",
  content: [
    { type: "text", text: words.join("") },
    { type: "tool_use", id: "toolu_01benchmark0000000000", name: "Write", input },
  ],
  stop_reason: "tool_use",
  stop_sequence: null,
  usage,
};

export const unaryAnswer = JSON.stringify(message);

export const streamedAnswer = [
  { type: "message_start", message: { ...message, content: [], stop_reason: null } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ...words.map((text) => ({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
  { type: "content_block_stop", index: 0 },
  { type: "content_block_start", index: 1, content_block: { ...message.content[1], input: {} } },
  {
    type: "content_block_delta",
    index: 1,
    delta: { type: "input_json_delta", partial_json: JSON.stringify(input) },
  },
  { type: "content_block_stop", index: 1 },
  { type: "message_delta", delta: { stop_reason: "tool_use", stop_sequence: null }, usage },
  { type: "message_stop" },
]
  .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  .join("");

/** The same as the events of a replay: each block is one delta. */
export const replayedAnswer = streamedAnswer.replace(
  /(?:event: content_block_delta\ndata: \{"type":"content_block_delta","index":0,.*\n\n)+/,
  `event: content_block_delta\ndata: ${JSON.stringify({
    type: "content_block_delta",
    index: 0,
    delta: { type: "text_delta", text: words.join("") },
  })}\n\n`,
);

const tool_calls = [{ id: "call_0000", function: { index: 0, name: "Write", arguments: input } }];
const done = toOllamaEnd(usage);

/** As lines of Ollama's /api/chat. */
export const ollamaAnswer = [
  ...words.map((content) => toOllamaLine({ message: { role: "assistant", content }, done: false })),
  toOllamaLine({ message: { role: "assistant", content: "", tool_calls }, done: false }),
  toOllamaLine({ message: { role: "assistant", content: "" }, ...done }),
].join("");

/** The same for a client that does not stream. */
export const unaryOllamaAnswer = toOllamaLine({
  message: { role: "assistant", content: words.join(""), tool_calls },
  ...done,
});
