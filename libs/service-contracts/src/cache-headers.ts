/** Headers of `GET /entries/{key}` at the cache service. */
export const cacheHeaders = {
  /** Answer: `memory` or `redis`. */
  tier: "x-cache-tier",
  /** Answer 404: the session named by `?given=HASH` has had this answer whole and wants another one. */
  given: "x-cache-given",
} as const;
