import { ClientClosedError, ClientOfflineError, DisconnectsClientError, ErrorReply } from "redis";
import { CircuitOpenError } from "#platform/circuit-breaker.js";
import { NoAnswerError } from "./redis-session.js";

export const redisFaults = [
  "timeout",
  "circuit_open",
  "offline",
  "out_of_memory",
  "read_only",
  "not_permitted",
  "loading",
  "refused",
  "malformed",
  "connection",
] as const;

/**
 * `timeout`: no answer in time; `circuit_open`: not asked, because it did not answer lately; `offline`: not
 * connected; `malformed`: what stands under the key is no JSON; `connection`: could not connect, or lost on the
 * way. The others are errors that Redis answered: `refused` is any that has no name of its own.
 */
export type RedisFault = (typeof redisFaults)[number];

const refusals: Record<string, RedisFault> = {
  OOM: "out_of_memory",
  READONLY: "read_only",
  NOPERM: "not_permitted",
  NOAUTH: "not_permitted",
  WRONGPASS: "not_permitted",
  LOADING: "loading",
};

export function mapRedisError(error: unknown): RedisFault {
  if (error instanceof NoAnswerError) return "timeout";
  if (error instanceof CircuitOpenError) return "circuit_open";
  if (error instanceof ErrorReply) return refusals[error.message.split(" ", 1)[0] ?? ""] ?? "refused";
  if (error instanceof SyntaxError) return "malformed";
  const isOffline =
    error instanceof ClientOfflineError ||
    error instanceof ClientClosedError ||
    error instanceof DisconnectsClientError;
  return isOffline ? "offline" : "connection";
}
