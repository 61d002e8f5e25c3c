import type { FoundCopy } from "./entries.service.js";

/** An `EntryCopy` around an entry's JSON, which is neither read nor written again. */
export function encodeCopy({ text, terms }: FoundCopy): Buffer {
  return Buffer.concat([Buffer.from(`{"terms":${JSON.stringify(terms)},"entry":`), text, Buffer.from("}")]);
}
