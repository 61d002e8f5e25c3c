import { ErrorReply, type RedisClientType } from "redis";
import { askRedis } from "./ask-redis.js";
import { describeRedisError } from "./describe-redis-error.js";
import type { RedisAddress } from "./parse-redis-url.js";
import type { RedisOptions } from "./to-redis-options.js";

/**
 * Asks all sentinels who the master is. Most of them are right: one that was cut off may still name the old one.
 * @throws Error that tells what each of them answered
 */
export async function findMaster(options: RedisOptions, signal: AbortSignal): Promise<RedisAddress> {
  const answers = await Promise.allSettled(
    options.addresses.map((sentinel) => askSentinel(sentinel, options, signal)),
  );
  const votes = new Map<string, { count: number; address: RedisAddress }>();
  for (const answer of answers) {
    if (answer.status === "rejected") continue;
    const name = `${answer.value.host}:${answer.value.port}`;
    votes.set(name, { count: (votes.get(name)?.count ?? 0) + 1, address: answer.value });
  }
  const [elected] = [...votes.values()].sort((one, other) => other.count - one.count);
  if (!elected) throw new Error(describeFailures(answers, options));
  return elected.address;
}

async function askSentinel(
  sentinel: RedisAddress,
  options: RedisOptions,
  signal: AbortSignal,
): Promise<RedisAddress> {
  const question = (client: RedisClientType) =>
    client.sendCommand<[string, string] | null>(["SENTINEL", "get-master-addr-by-name", options.masterName]);
  const anonymous = { ...options, database: 0, username: "", password: "" };
  const found = await askRedis(sentinel, anonymous, question, signal).catch((error: unknown) => {
    // Most sentinels want no password; one that does is asked again with that of Redis.
    if (!(error instanceof ErrorReply && error.message.startsWith("NOAUTH"))) throw error;
    return askRedis(sentinel, { ...options, database: 0 }, question, signal);
  });
  if (!found) throw new Error(`knows no master "${options.masterName}"`);
  return { host: found[0], port: Number(found[1]) };
}

function describeFailures(answers: PromiseSettledResult<unknown>[], options: RedisOptions): string {
  const texts = answers.map((answer, index) => {
    const { host, port } = options.addresses[index] ?? options;
    const reason = answer.status === "rejected" ? describeRedisError(answer.reason, options.password) : "";
    return `${host}:${port}: ${reason}`;
  });
  return `no sentinel tells the master (${texts.join("; ")})`;
}
