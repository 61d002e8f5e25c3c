// The answer that comes token by token, its text and the pieces that the upstream writes one at a time.

import { toOllamaEnd, toOllamaLine } from "./ollama-lines.mjs";

const tokens = Array.from({ length: 100 }, (_, index) => ` ${String(index).padStart(3, "0")}`);
const usage = { input_tokens: 25_000, output_tokens: tokens.length };

/** From one token to the next. */
export const tokenIntervalMs = 10;

export const pacedText = tokens.join("");
export const pacedTokens = tokens.length;

const last = { role: "assistant", content: "" };

/** As lines of Ollama's /api/chat; the last one comes with the last token. */
export const pacedLines = toPieces(
  "",
  tokens.map((content) => toOllamaLine({ message: { role: "assistant", content }, done: false })),
  toOllamaLine({ message: last, ...toOllamaEnd(usage) }),
);

const event = (content) => `event: ${content.type}\ndata: ${JSON.stringify(content)}\n\n`;
const message = {
  id: "msg_01benchmark000000000000",
  type: "message",
  role: "assistant",
  model: "claude-sonnet-4-5",
  content: [],
  stop_reason: null,
  stop_sequence: null,
  usage,
};

/** As events of the Messages API; what opens the message comes with the first token, as the real one does it. */
export const pacedEvents = toPieces(
  event({ type: "message_start", message }) +
    event({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }),
  tokens.map((text) => event({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } })),
  event({ type: "content_block_stop", index: 0 }) +
    event({ type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage }) +
    event({ type: "message_stop" }),
);

function toPieces(before, pieces, after) {
  return pieces.map((piece, index) => {
    if (index === 0) return before + piece;
    return index === pieces.length - 1 ? piece + after : piece;
  });
}
