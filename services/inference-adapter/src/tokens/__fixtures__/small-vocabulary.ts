/** `/api/show` of a model with a vocabulary that is small enough to count by hand. */
export const smallShow = (changes: Record<string, unknown> = {}): Uint8Array<ArrayBuffer> => {
  const letters = Array.from("abcdefghijklmnopqrstuvwxyz<>/ĠĊ.,:{}\"_0123456789");
  const merges = ["h e", "l l", "he ll", "hell o", "Ġ hello"];
  const tokens = ["<|start|>", "<|end|>", ...letters, ...merges.map((merge) => merge.replace(" ", ""))];
  const model_info = {
    "general.architecture": "qwen3",
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "qwen2",
    "tokenizer.ggml.add_bos_token": false,
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": tokens.map((_, id) => (id < 2 ? 3 : 1)),
    "tokenizer.ggml.merges": merges,
    ...changes,
  };
  return new TextEncoder().encode(JSON.stringify({ model_info }));
};
