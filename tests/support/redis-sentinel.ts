import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type RedisServer, startRedisServer } from "./redis-server.js";

export interface RedisSentinels {
  master: RedisServer;
  replica: RedisServer;
  sentinels: RedisServer[];
  /** `host:port,host:port` of the sentinels. */
  addresses: string;
  stop(): Promise<void>;
}

/** A real master with a replica and three sentinels, which replace a master that is away for a second. */
export async function startRedisSentinels(
  options: { password?: string; sentinelPassword?: string } = {},
): Promise<RedisSentinels> {
  const { password, sentinelPassword } = options;
  const auth = password === undefined ? [] : ["--masterauth", password];
  const directory = await mkdtemp(join(tmpdir(), "llm-selfhost-sentinel-"));
  const master = await startRedisServer({ password, args: auth });
  const following = ["--replicaof", "127.0.0.1", String(master.port), "--repl-diskless-sync-delay", "0"];
  const replica = await startRedisServer({ password, args: [...auth, ...following] });
  const sentinels: RedisServer[] = [];
  for (const index of [0, 1, 2]) {
    const configFile = join(directory, `sentinel-${index}.conf`);
    await writeFile(configFile, sentinelConfig(master.port, password));
    sentinels.push(await startRedisServer({ configFile, password: sentinelPassword, args: ["--sentinel"] }));
  }
  const stop = async () => {
    await Promise.all([master, replica, ...sentinels].map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  };
  const addresses = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
  await untilAllKnow(sentinels).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return { master, replica, sentinels, addresses, stop };
}

function sentinelConfig(port: number, password: string | undefined): string {
  return [
    `sentinel monitor mymaster 127.0.0.1 ${port} 2`,
    "sentinel down-after-milliseconds mymaster 1000",
    "sentinel failover-timeout mymaster 3000",
    ...(password === undefined ? [] : [`sentinel auth-pass mymaster ${password}`]),
    "",
  ].join("\n");
}

/** Each sentinel knows the other two and the replica. */
async function untilAllKnow(sentinels: RedisServer[]): Promise<void> {
  const deadline = performance.now() + 40_000;
  for (const sentinel of sentinels)
    while (!/slaves=1,sentinels=3/.test(await sentinel.cli("INFO", "sentinel").catch(() => ""))) {
      if (performance.now() > deadline) throw new Error("the sentinels did not come together");
      await sleep(100);
    }
}
