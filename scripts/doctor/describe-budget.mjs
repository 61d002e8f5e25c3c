import { toKvBytesPerToken, toLargestContext, toNeed } from "./vram-budget.mjs";
import { broken, ok, warning } from "./finding.mjs";

/**
 * Weights and KV cache against the GPU. @returns `{ findings, lines, budget }`; `budget` is undefined where the
 * model or the GPU is not known
 */
export function describeBudget({ gpu, model, adapter, env }) {
  const type = env.OLLAMA_KV_CACHE_TYPE || "q8_0";
  const slots = adapter.INFERENCE_CONCURRENCY;
  const kvBytesPerToken = model && toKvBytesPerToken(model.info, type);
  if (gpu.fault || kvBytesPerToken === undefined)
    return { findings: [], lines: [toReason(gpu, model)], budget: undefined };
  const trainedLength = model.info[`${model.info["general.architecture"]}.context_length`];
  const contextLength = Math.min(adapter.CONTEXT_LENGTH, trainedLength ?? Infinity);
  const { weightsBytes } = model;
  const need = toNeed({ weightsBytes, kvBytesPerToken, contextLength, slots });
  const largest = (bytes) =>
    toLargestContext({ vramMib: gpu.totalMib, weightsBytes, kvBytesPerToken: bytes, slots, trainedLength });
  const budget = {
    model: model.name,
    vramMib: gpu.totalMib,
    weightsMib: need.weights,
    cacheMib: need.cache,
    otherMib: need.other,
    neededMib: need.total,
    cacheType: type,
    kvBytesPerToken,
    contextLength,
    largestContextLength: largest(kvBytesPerToken),
    largestContextLengthF16: largest(toKvBytesPerToken(model.info, "f16")),
  };
  return { findings: [toFinding(budget)], lines: toLines(budget, slots), budget };
}

function toFinding({ neededMib, vramMib, largestContextLength, weightsMib }) {
  if (neededMib <= vramMib) return ok("vram", `${neededMib} MiB of ${vramMib} are needed`);
  if (largestContextLength === 0)
    return broken(
      "vram",
      `the weights need ${weightsMib} MiB, the GPU has ${vramMib}`,
      "a larger GPU, or a smaller MODEL_NAME",
    );
  return warning(
    "vram",
    `${neededMib} MiB are needed, the GPU has ${vramMib}: a part would run on the CPU`,
    `CONTEXT_LENGTH=${largestContextLength} in .env, then ./start_llm_selfhost.sh restart`,
  );
}

function toLines(budget, slots) {
  const kibibytes = (budget.kvBytesPerToken / 1024).toFixed(1).replace(/\.0$/, "");
  const times = slots > 1 ? ` × ${slots} slots` : "";
  return [
    `VRAM of ${budget.model}, in MiB:`,
    `  weights      ${budget.weightsMib}`,
    `  KV cache     ${budget.cacheMib}   (${budget.contextLength} tokens × ${kibibytes} KiB at ${budget.cacheType}${times})`,
    `  other        ${budget.otherMib}   (buffers and driver, an estimate)`,
    `  together     ${budget.neededMib} of ${budget.vramMib}`,
    `  largest safe CONTEXT_LENGTH: ${budget.largestContextLength} (at f16: ${budget.largestContextLengthF16})`,
  ];
}

function toReason(gpu, model) {
  if (!model) return "No VRAM budget: the model is not known yet.";
  return gpu.fault
    ? `No VRAM budget: ${gpu.fault}.`
    : `No VRAM budget: ${model.name} does not say what its KV cache takes.`;
}
