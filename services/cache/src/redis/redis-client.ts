import { type Socket, isIP } from "node:net";
import { createClient, type RedisClientType } from "redis";
import type { RedisAddress } from "./parse-redis-url.js";
import type { RedisOptions } from "./to-redis-options.js";

export const connectTimeoutMs = 2000;
const readBytes = 64 * 1024;
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
  const onread = { buffer: Buffer.alloc(readBytes), callback: passOn };
  const socket = {
    host,
    port,
    signal,
    onread,
    connectTimeout: connectTimeoutMs,
    reconnectStrategy: false as const,
  };
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

/**
 * Called by a socket with what it has read. node-redis throws at answers that are none, or too many, where nobody
 * catches it: that ends the connection, not the process.
 */
function passOn(this: Socket, length: number, buffer: Uint8Array): boolean {
  try {
    this.emit("data", Buffer.from(buffer.subarray(0, length)));
  } catch (error) {
    this.destroy(error as Error);
  }
  return true;
}
