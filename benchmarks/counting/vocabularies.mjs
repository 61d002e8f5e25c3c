/** Of the same size as Qwen's, with merges that are consistent, but of no meaning. */
export function inventedVocabulary(size = 151_000) {
  const characters = Array.from({ length: 256 }, (_, byte) => byteCharacter(byte));
  const tokens = [...characters];
  const known = new Set(tokens);
  const merges = [];
  let seed = 1;
  const pick = (limit) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff;
    return Math.floor((seed / 0x7fffffff) * limit);
  };
  while (merges.length < size) {
    const left = tokens[pick(Math.min(tokens.length, 40_000))];
    const right = tokens[pick(Math.min(tokens.length, 2000))];
    const token = left + right;
    if (token.length > 16 || known.has(token)) continue;
    known.add(token);
    tokens.push(token);
    merges.push(`${left} ${right}`);
  }
  return toModelInfo(
    tokens,
    tokens.map(() => 1),
    merges,
  );
}

/** A Hugging Face `tokenizer.json` of Qwen, as a GGUF file has it. */
export function fromTokenizerJson({ model, added_tokens: added }) {
  const tokens = [];
  const types = [];
  for (const [token, id] of Object.entries(model.vocab)) {
    tokens[id] = token;
    types[id] = 1;
  }
  for (const { content, id, special } of added) {
    tokens[id] = content;
    types[id] = special ? 3 : 4;
  }
  const merges = model.merges.map((merge) => (typeof merge === "string" ? merge : merge.join(" ")));
  return toModelInfo(tokens, types, merges);
}

function toModelInfo(tokens, types, merges) {
  return {
    "general.architecture": "qwen3moe",
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "qwen2",
    "tokenizer.ggml.tokens": tokens,
    "tokenizer.ggml.token_type": types,
    "tokenizer.ggml.merges": merges,
    "tokenizer.ggml.add_bos_token": false,
  };
}

function byteCharacter(byte) {
  if (byte <= 0x20) return String.fromCharCode(byte + 0x100);
  if (byte >= 0x7f && byte <= 0xa0) return String.fromCharCode(byte + 0xa2);
  return String.fromCharCode(byte === 0xad ? 0x143 : byte);
}
