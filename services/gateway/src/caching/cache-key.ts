import { hash } from "node:crypto";

/** Changes when the canonical form, its parts or the stored entry change its meaning. */
const keySchemaVersion = 3;

export interface KeyScope {
  /** The name of the verified key, `-` where there are none. */
  tenant: string;
  /** What would answer: see `ModelCard`. Its name where it publishes no fingerprint. */
  fingerprint: string;
}

/** SHA-256 of the request's hash, who asks and what would answer, in hex. */
export function toCacheKey(requestHash: string, { tenant, fingerprint }: KeyScope): string {
  return hash("sha256", JSON.stringify([keySchemaVersion, tenant, fingerprint, requestHash]), "hex");
}
