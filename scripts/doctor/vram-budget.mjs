const mebibyte = 1024 ** 2;
/** Bytes of an element; the quantized types keep a scale for each 32 elements. */
const elementBytes = { f16: 2, q8_0: 34 / 32, q4_0: 18 / 32 };
/** Buffers of the computation and what the driver takes. As in scripts/install/resources.sh. */
export const overheadMib = 1000;
/** Windows are told in steps of so many tokens. */
const stepTokens = 4096;

/**
 * What a token takes in the KV cache, in bytes: keys and values of all heads in all layers. `info` is the
 * `model_info` of `/api/show`, `type` the cache's: f16, q8_0 or q4_0. Undefined where the model does not say.
 * Models whose layers look at a part of the window only take less.
 */
export function toKvBytesPerToken(info, type) {
  const architecture = info?.["general.architecture"];
  const field = (name) => info[`${architecture}.${name}`];
  const bytes = elementBytes[type];
  if (architecture === undefined || bytes === undefined) return undefined;
  const headWidth = field("embedding_length") / field("attention.head_count");
  const widths =
    (field("attention.key_length") ?? headWidth) + (field("attention.value_length") ?? headWidth);
  const heads = toHeads(field("attention.head_count_kv"), field("block_count"));
  const total = heads * widths * bytes;
  return Number.isFinite(total) && total > 0 ? total : undefined;
}

/** Heads of all layers together; one number means as many in each. */
function toHeads(perLayer, layers) {
  return Array.isArray(perLayer) ? perLayer.reduce((sum, heads) => sum + heads, 0) : perLayer * layers;
}

/** What a window needs of the GPU, in MiB. `slots` generations at once have a window each. */
export function toNeed({ weightsBytes, kvBytesPerToken, contextLength, slots = 1 }) {
  const weights = Math.ceil(weightsBytes / mebibyte);
  const cache = Math.ceil((kvBytesPerToken * contextLength * slots) / mebibyte);
  return { weights, cache, other: overheadMib, total: weights + cache + overheadMib };
}

/** The largest window that fits into `vramMib`, at most what the model was trained for; 0 where not even the weights fit. */
export function toLargestContext({
  vramMib,
  weightsBytes,
  kvBytesPerToken,
  slots = 1,
  trainedLength = Infinity,
}) {
  const free = (vramMib - overheadMib) * mebibyte - weightsBytes;
  const tokens = Math.floor(free / (kvBytesPerToken * slots) / stepTokens) * stepTokens;
  return Math.max(0, Math.min(tokens, trainedLength));
}
