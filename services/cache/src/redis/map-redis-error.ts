import { BrokenCircuitError, TaskCancelledError } from "cockatiel";
import { ClientClosedError, ClientOfflineError, DisconnectsClientError, ErrorReply } from "redis";

export const redisFaults = [
  "timeout",
  "circuit_open",
  "offline",
  "refused",
  "malformed",
  "connection",
] as const;

/**
 * `timeout`: no answer in time; `circuit_open`: not asked, because it did not answer lately; `offline`: not
 * connected; `refused`: answered with an error; `malformed`: what stands under the key is no JSON;
 * `connection`: could not connect, or lost on the way.
 */
export type RedisFault = (typeof redisFaults)[number];

export function mapRedisError(error: unknown): RedisFault {
  if (error instanceof TaskCancelledError) return "timeout";
  if (error instanceof BrokenCircuitError) return "circuit_open";
  if (error instanceof ErrorReply) return "refused";
  if (error instanceof SyntaxError) return "malformed";
  const isOffline =
    error instanceof ClientOfflineError ||
    error instanceof ClientClosedError ||
    error instanceof DisconnectsClientError;
  return isOffline ? "offline" : "connection";
}
