import { isIP } from "node:net";
import { createClient, type RedisClientType } from "redis";
import type { RedisAddress } from "./parse-redis-url.js";
import type { RedisOptions } from "./to-redis-options.js";

export const connectTimeoutMs = 2000;
/** A hung Redis must not collect entries in our memory. */
const maxQueuedCommands = 256;

export type ClientOptions = Pick<
  RedisOptions,
  "isTls" | "certificate" | "database" | "username" | "password"
>;

/**
 * A client for one connection: it fails at once instead of queueing while there is none, and never connects
 * again by itself, because node-redis does not notice a Redis that hangs and cannot be stopped while it
 * connects. The signal destroys its socket in whatever phase it is.
 */
export function createRedisClient(
  { host, port }: RedisAddress,
  { isTls, certificate, database, username, password }: ClientOptions,
  signal: AbortSignal,
): RedisClientType {
  const socket = { host, port, signal, connectTimeout: connectTimeoutMs, reconnectStrategy: false as const };
  const tls = { tls: true as const, ca: certificate, servername: isIP(host) ? undefined : host };
  const client = createClient({
    socket: isTls ? { ...socket, ...tls } : socket,
    username: username || undefined,
    password: password || undefined,
    database,
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxQueuedCommands,
    // It swallows the first answer, and with it the reason when Redis refuses the connection.
    disableClientInfo: true,
  });
  client.unref();
  return client as unknown as RedisClientType;
}
