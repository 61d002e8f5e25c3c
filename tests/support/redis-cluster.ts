import { setTimeout as sleep } from "node:timers/promises";
import { findFreePort } from "./free-ports.js";
import { type RedisServer, startRedisServer } from "./redis-server.js";

const slotCount = 16384;

export interface RedisClusterServers {
  /** Each has a third of the slots. */
  masters: RedisServer[];
  /** One of each master, in the same order. */
  replicas: RedisServer[];
  /** `host:port,host:port` of all. */
  addresses: string;
  stop(): Promise<void>;
}

/** Three real masters with a replica each; a master that is away for two seconds is replaced. */
export async function startRedisCluster(): Promise<RedisClusterServers> {
  const servers = await Promise.all(Array.from({ length: 6 }, () => startClusterNode()));
  const [masters, replicas] = [servers.slice(0, 3), servers.slice(3)];
  const stop = async () => void (await Promise.all(servers.map(({ server }) => server.stop())));
  try {
    await Promise.all(masters.map(({ server }, index) => addSlots(server, index)));
    const [first] = masters;
    for (const { server, busPort } of servers.slice(1))
      await first?.server.cli("CLUSTER", "MEET", "127.0.0.1", String(server.port), String(busPort));
    await untilAll(servers, async ({ server }) => (await info(server)).includes("known_nodes:6"));
    for (const [index, { server }] of replicas.entries())
      await server.cli("CLUSTER", "REPLICATE", (await masters[index]?.server.cli("CLUSTER", "MYID")) ?? "");
    await untilAll(servers, async ({ server }) => (await info(server)).includes("cluster_state:ok"));
    await untilAll(replicas, async ({ server }) => (await server.cli("ROLE")).includes("connected"));
  } catch (error) {
    await stop();
    throw error;
  }
  const addresses = servers.map(({ server }) => `127.0.0.1:${server.port}`).join(",");
  const toServers = (nodes: typeof servers) => nodes.map(({ server }) => server);
  return { masters: toServers(masters), replicas: toServers(replicas), addresses, stop };
}

async function startClusterNode(): Promise<{ server: RedisServer; busPort: number }> {
  return startNodeOn(await findFreePort()).catch(async () => startNodeOn(await findFreePort()));
}

async function startNodeOn(busPort: number): Promise<{ server: RedisServer; busPort: number }> {
  const cluster = ["--cluster-enabled", "yes", "--cluster-port", String(busPort)];
  const args = [...cluster, "--cluster-node-timeout", "2000", "--cluster-require-full-coverage", "no"];
  return { server: await startRedisServer({ args }), busPort };
}

async function addSlots(server: RedisServer, index: number): Promise<void> {
  const [from, to] = [index, index + 1].map((part) => Math.ceil((part * slotCount) / 3));
  await server.cli("CLUSTER", "SET-CONFIG-EPOCH", String(index + 1));
  await server.cli("CLUSTER", "ADDSLOTSRANGE", String(from), String((to ?? slotCount) - 1));
}

function info(server: RedisServer): Promise<string> {
  return server.cli("CLUSTER", "INFO");
}

async function untilAll<T>(all: T[], isTrue: (one: T) => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (const one of all)
    while (!(await isTrue(one))) {
      if (performance.now() > deadline) throw new Error("the Redis Cluster did not come together");
      await sleep(50);
    }
}
