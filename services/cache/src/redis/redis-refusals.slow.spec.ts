import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import { expectBoundedAnswers, keyOf, waitForState } from "../cache-under-test.contract.js";
import { expectTold, type LoggedCache, startLoggedCache } from "./logged-cache.contract.js";

const errorsOf = (kind: string) => `llm_cache_redis_errors_total{kind="${kind}"}`;

describe.skipIf(isRedisMissing)("a Redis that answers with errors", { timeout: 90_000 }, () => {
  const servers: RedisServer[] = [];
  const caches: LoggedCache[] = [];
  let redis: RedisServer;
  const startRedis = async (args: string[] = []) => {
    const server = await startRedisServer({ args });
    servers.push(server);
    return server;
  };
  const start = async (env: NodeJS.ProcessEnv = {}) => {
    const cache = await startLoggedCache({ REDIS_URL: `redis://127.0.0.1:${redis.port}`, ...env });
    caches.push(cache);
    return cache;
  };

  beforeEach(async () => {
    redis = await startRedis();
  });

  afterEach(async () => {
    await Promise.all(caches.splice(0).map((cache) => cache.stop()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  it("is full: stores nothing, still answers what it has", async () => {
    const cache = await start();
    await waitForState(cache, "up");
    await cache.put(keyOf(1), '"early"');
    await redis.cli("SETRANGE", "filler", "2000000", "x");
    await redis.cli("CONFIG", "SET", "maxmemory-policy", "noeviction");
    await redis.cli("CONFIG", "SET", "maxmemory", "1mb");
    const reader = await start();
    await waitForState(reader, "up");
    await expectBoundedAnswers(cache, 10);
    expect(await reader.get(keyOf(1))).toMatchObject({ tier: "redis", text: '"early"' });
    expect(await cache.redisState()).toBe("up");
    expect(await cache.metric(errorsOf("out_of_memory"))).toBeGreaterThan(9);
    await expectTold(cache, /refuses \w+: OOM command not allowed/);
    await redis.cli("CONFIG", "SET", "maxmemory", "0");
    await expectBoundedAnswers(cache, 1);
    expect(await cache.healthReason()).toBeUndefined();
  });

  it("is a read-only replica: reads go on, and storing too when it is the master again", async () => {
    const master = await startRedis();
    await master.cli("SET", "kept", "1");
    await redis.cli("REPLICAOF", "127.0.0.1", String(master.port));
    await expect.poll(() => redis.cli("EXISTS", "kept"), { timeout: 20_000 }).toBe("1");
    const cache = await start();
    await waitForState(cache, "up");
    await expectBoundedAnswers(cache, 10);
    await waitForState(cache, "up");
    expect(await cache.metric(errorsOf("read_only"))).toBeGreaterThan(0);
    await expectBoundedAnswers(cache, 10);
    await expectTold(cache, /READONLY You can't write against a read only replica/);
    await redis.cli("REPLICAOF", "NO", "ONE");
    await expectBoundedAnswers(cache, 1);
    expect(await redis.cli("DBSIZE")).not.toBe("0");
    expect(await cache.healthReason()).toBeUndefined();
  });

  it("has no connection left", async () => {
    await redis.cli("CONFIG", "SET", "maxclients", "2");
    const others: Socket[] = [1, 2].map(() => connect(redis.port, "127.0.0.1"));
    await Promise.all(others.map((socket) => once(socket, "connect")));
    const cache = await start();
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /max number of clients reached/);
    for (const socket of others) socket.destroy();
    await waitForState(cache, "up");
  });

  it("still loads its data", async () => {
    const directory = await mkdtemp(join(tmpdir(), "llm-selfhost-rdb-"));
    const args = ["--dir", directory, "--enable-debug-command", "yes"];
    const first = await startRedis(args);
    await first.cli("DEBUG", "POPULATE", "20000");
    await first.cli("SAVE");
    await first.kill();
    const slowly = ["--key-load-delay", "300", "--loading-process-events-interval-bytes", "1024"];
    redis = await startRedis([...args, ...slowly]);
    const cache = await start();
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /LOADING Redis is loading the dataset/);
    await waitForState(cache, "up");
    await rm(directory, { recursive: true, force: true });
  });

  it("is a program that is no Redis", async () => {
    const program =
      'require("net").createServer((s)=>s.on("data",()=>s.write("HTTP/1.1 400 Bad Request\\r\\n\\r\\n"))).listen(0,"127.0.0.1",function(){console.log(this.address().port)})';
    const child = spawn(process.execPath, ["-e", program]);
    const [port] = (await once(child.stdout, "data")) as [Buffer];
    const cache = await start({ REDIS_URL: `redis://127.0.0.1:${port.toString().trim()}` });
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /no answer for 3 s/);
    child.kill();
  });
});
