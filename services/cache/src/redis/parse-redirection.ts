import { ErrorReply } from "redis";
import { hostOf } from "./node-name.js";
import type { RedisAddress } from "./parse-redis-url.js";

export interface Redirection {
  /** `moved` for good; `ask`: this command only. */
  kind: "moved" | "ask";
  address: RedisAddress;
}

/** `MOVED 3999 10.0.0.2:6379`: another node has the key. Without a host it is that of who answered. */
export function parseRedirection(error: unknown, from: string): Redirection | undefined {
  if (!(error instanceof ErrorReply)) return undefined;
  const [, kind, host, port] = /^(MOVED|ASK) \d+ (.*):(\d+)/.exec(error.message) ?? [];
  if (!kind) return undefined;
  const address = { host: !host || host === "?" ? hostOf(from) : host, port: Number(port) };
  return { kind: kind === "MOVED" ? "moved" : "ask", address };
}
