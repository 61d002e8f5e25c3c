import { hash } from "node:crypto";
import { hashCanonicalJson } from "#anthropic/canonical-hash.js";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";

/** Changes when the canonical form or the stored entry changes its meaning. */
const keySchemaVersion = 1;

export interface KeyScope {
  /** The name of the verified key, `-` where there are none. */
  tenant: string;
  /** What would answer: see `ModelCard`. Its name where it publishes no fingerprint. */
  fingerprint: string;
}

/** SHA-256 of everything that decides what the model sees, in hex. */
export function hashRequest(request: CanonicalRequest): string {
  return hashCanonicalJson(request);
}

/** SHA-256 of the request's hash, who asks and what would answer, in hex. */
export function toCacheKey(requestHash: string, { tenant, fingerprint }: KeyScope): string {
  return hash("sha256", JSON.stringify([keySchemaVersion, tenant, fingerprint, requestHash]), "hex");
}
