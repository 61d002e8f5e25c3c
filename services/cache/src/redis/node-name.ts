import type { RedisAddress } from "./parse-redis-url.js";

/** `host:port`, also of an IPv6 address, as Redis itself writes it. */
export function toName({ host, port }: RedisAddress): string {
  return `${host}:${port}`;
}

export function hostOf(name: string): string {
  return name.slice(0, name.lastIndexOf(":"));
}
