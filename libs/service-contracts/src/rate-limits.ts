/** What is counted: one counter for each key and name, which begins anew when its time is over. */
export interface LimitCharge {
  name: LimitName;
  /** How much this request adds; 0 only reads. */
  cost: number;
  /** How long the counter runs from its first charge on. */
  seconds: number;
}

/** `requests`, `input-tokens`, `output-tokens` a minute as in Anthropic's headers; `tokens` a day. */
export const limitNames = ["requests", "input-tokens", "output-tokens", "tokens"] as const;
export type LimitName = (typeof limitNames)[number];

/** A counter after its charge. */
export interface LimitCount {
  name: LimitName;
  consumed: number;
  /** Milliseconds until it begins anew. */
  resetMs: number;
}

/** `POST /limits/{key name}` of the cache service. */
export interface ChargeRequest {
  charges: LimitCharge[];
}

export interface ChargeAnswer {
  counts: LimitCount[];
}
