import type { CanonicalRequest } from "#anthropic/canonical-request.js";

/** An answer that has begun already is not thought over any more. */
export function toPrefilledRequest(request: CanonicalRequest): CanonicalRequest {
  if (request.messages.at(-1)?.role !== "assistant") return request;
  const { thinking: _thinking, ...rest } = request;
  return rest;
}
