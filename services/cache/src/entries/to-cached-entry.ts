import type { StoreRequest } from "#service-contracts/cache-store.js";
import { toPathLines } from "../neighbours/to-path-lines.js";
import type { CachedEntry } from "./cached-entry.js";

/** The tiers' form of what was sent. `maxExtraBytes`: a larger question is left out, the answer is worth more. */
export function toCachedEntry(
  { entry, tenant, paths, request }: StoreRequest,
  expires: number,
  maxExtraBytes: number,
): CachedEntry {
  const text = toOwnBuffer(JSON.stringify(entry));
  const { usage } = entry.message;
  const question = request === undefined ? undefined : toOwnBuffer(JSON.stringify(request));
  return {
    text,
    facts: {
      tenant,
      model: entry.servedModel,
      storedAt: entry.storedAt,
      expires,
      bytes: text.length,
      inputTokens: usage.input_tokens,
      outputTokens: usage.output_tokens,
      gpuSeconds: entry.gpuSeconds,
    },
    paths: paths && toOwnBuffer(toPathLines(paths, maxExtraBytes)),
    request: question && question.length <= maxExtraBytes ? question : undefined,
  };
}

/** Outside V8's heap and of a pool, so that it is exactly as large as it says. */
export function toOwnBuffer(text: string): Buffer {
  const buffer = Buffer.allocUnsafeSlow(Buffer.byteLength(text));
  buffer.write(text);
  return buffer;
}
