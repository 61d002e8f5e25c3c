// An answer as lines of Ollama's /api/chat.

export const toOllamaLine = (part) =>
  `${JSON.stringify({ model: "qwen3-coder:30b", created_at: "2026-11-23T07:03:25.2Z", ...part })}\n`;

/** What the last line says besides its message. */
export const toOllamaEnd = (usage) => ({
  done: true,
  done_reason: "stop",
  total_duration: 5_000_000,
  load_duration: 1_000_000,
  prompt_eval_count: usage.input_tokens,
  prompt_eval_duration: 1_000_000,
  eval_count: usage.output_tokens,
  eval_duration: 2_000_000,
});
