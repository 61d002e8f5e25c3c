import { randomUUID } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { ApiError } from "#anthropic/errors.js";

const own = `1.1 llm-selfhost-${randomUUID()}`;

/** By this, in HTTP's `Via`, a gateway knows its own requests again. */
export const viaHeader = { via: own };

/** Where `INFERENCE_URL` leads to the gateway itself, each request would ask another. @throws ApiError */
export function refuseLoop({ via }: IncomingHttpHeaders): void {
  if (via?.includes(own))
    throw new ApiError("api_error", "INFERENCE_URL leads back to this gateway", { shouldRetry: false });
}
