import { afterEach, describe, expect, it } from "vitest";
import { type RedisSentinels, startRedisSentinels } from "../../../../tests/support/redis-sentinel.js";
import { isRedisMissing } from "../../../../tests/support/redis-server.js";
import { expectBoundedAnswers, keyOf, waitForState, waitUntil } from "../cache-under-test.contract.js";
import { expectTold, type LoggedCache, startLoggedCache } from "./logged-cache.contract.js";

describe.skipIf(isRedisMissing)("Redis behind sentinels", { timeout: 120_000 }, () => {
  let servers: RedisSentinels;
  let cache: LoggedCache;
  const start = async (url = `redis-sentinel://${servers.addresses}/mymaster`, env = {}) => {
    cache = await startLoggedCache({ REDIS_URL: url, ...env });
  };
  /** `undefined` where the sentinel that promotes the replica has just closed its clients' connections. */
  const askReplica = (...args: string[]) =>
    servers.replica.cli(...args).catch((error: unknown) => {
      if (!/Server closed the connection|Connection reset by peer|Broken pipe/.test(String(error)))
        throw error;
    });
  const expectMovedToReplica = async () => {
    await waitUntil("the replica is the master", async () =>
      Boolean((await askReplica("ROLE"))?.startsWith("master")),
    );
    await waitForState(cache, "up");
    const stored = async () => {
      await cache.put(keyOf(7), '"after"');
      return (await askReplica("EXISTS", `llm-selfhost:entry:1:${keyOf(7)}`)) === "1";
    };
    await waitUntil("the new master stores", stored);
  };

  afterEach(async () => {
    await cache.stop();
    await servers.stop();
  });

  it("dies: the successor is found, and has what was stored", async () => {
    servers = await startRedisSentinels();
    await start();
    await waitForState(cache, "up");
    await cache.put(keyOf(1), '"before"');
    expect(await servers.master.cli("EXISTS", `llm-selfhost:entry:1:${keyOf(1)}`)).toBe("1");
    await servers.master.cli("WAIT", "1", "10000");
    await servers.master.kill();
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 10);
    await expectMovedToReplica();
    await expectBoundedAnswers(cache, 3);
    const reader = await startLoggedCache({ REDIS_URL: `redis-sentinel://${servers.addresses}/mymaster` });
    await waitForState(reader, "up");
    expect(await reader.get(keyOf(1))).toMatchObject({ tier: "redis", text: '"before"' });
    await reader.stop();
  });

  it("hangs: the successor is found; the old master comes back as a replica", async () => {
    servers = await startRedisSentinels();
    await start();
    await waitForState(cache, "up");
    servers.master.pause();
    await expectBoundedAnswers(cache, 10);
    await expectMovedToReplica();
    servers.master.resume();
    await expectBoundedAnswers(cache, 5);
    await expectMovedToReplica();
  });

  it("is handed over on purpose, with a sentinel dead", async () => {
    servers = await startRedisSentinels();
    await start();
    await waitForState(cache, "up");
    await servers.sentinels[0]?.kill();
    await servers.sentinels[1]?.cli("SENTINEL", "FAILOVER", "mymaster");
    await expectBoundedAnswers(cache, 10);
    await expectMovedToReplica();
  });

  it("has passwords, the sentinels too", async () => {
    servers = await startRedisSentinels({ password: "hunter2", sentinelPassword: "hunter2" });
    await start(`redis-sentinel://:hunter2@${servers.addresses}/mymaster/3`);
    await waitForState(cache, "up");
    await cache.put(keyOf(1), '"here"');
    expect(await servers.master.cli("-n", "3", "DBSIZE")).not.toBe("0");
  });

  it("is called otherwise, or has no sentinel left", async () => {
    servers = await startRedisSentinels();
    await start(`redis-sentinel://${servers.addresses}/nobody`);
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /no sentinel tells the master .*knows no master "nobody"/);
    await cache.stop();
    await start();
    await waitForState(cache, "up");
    await Promise.all(servers.sentinels.map((sentinel) => sentinel.kill()));
    await expectBoundedAnswers(cache, 3);
    expect(await cache.redisState()).toBe("up");
    await servers.master.kill();
    await expectTold(cache, /no sentinel tells the master \(127.0.0.1:\d+: .*ECONNREFUSED/);
    await expectBoundedAnswers(cache, 3);
  });
});
