import { isIP } from "node:net";
import { createClient, type RedisClientType } from "redis";
import type { RedisOptions } from "./to-redis-options.js";

const connectTimeoutMs = 2000;
/** A hung Redis must not collect entries in our memory. */
const maxQueuedCommands = 256;

/**
 * A client for one connection: it fails at once instead of queueing while there is none, and never connects
 * again by itself, because node-redis does not notice a Redis that hangs and cannot be stopped while it
 * connects. The signal destroys its socket in whatever phase it is.
 */
export function createRedisClient(options: RedisOptions, signal: AbortSignal): RedisClientType {
  const { host, port, isTls, certificate, database, username, password } = options;
  const socket = { host, port, signal, connectTimeout: connectTimeoutMs, reconnectStrategy: false as const };
  const tls = { tls: true as const, ca: certificate, servername: isIP(host) ? undefined : host };
  const client = createClient({
    socket: isTls ? { ...socket, ...tls } : socket,
    username: username || undefined,
    password: password || undefined,
    database,
    disableOfflineQueue: true,
    commandsQueueMaxLength: maxQueuedCommands,
  });
  client.unref();
  return client as unknown as RedisClientType;
}
