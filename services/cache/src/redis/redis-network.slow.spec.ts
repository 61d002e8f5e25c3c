import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import { type SlowProxy, startSlowProxy } from "../../../../tests/support/slow-proxy.js";
import { boundMs, expectBoundedAnswers, keyOf, waitForState } from "../cache-under-test.contract.js";
import { expectTold, type LoggedCache, startLoggedCache } from "./logged-cache.contract.js";

describe.skipIf(isRedisMissing)("the way to Redis", { timeout: 90_000 }, () => {
  let redis: RedisServer;
  let proxy: SlowProxy;
  let cache: LoggedCache;
  const start = async (port: number, host = "127.0.0.1") => {
    cache = await startLoggedCache({ REDIS_URL: `redis://:hunter2@${host}:${port}` });
  };
  /** How long each of so many lookups took, the longest first. */
  const lookUp = async (count: number): Promise<number[]> => {
    const waits: number[] = [];
    for (let index = 0; index < count; index++) waits.push((await cache.get(keyOf(index))).durationMs);
    return waits.sort((one, other) => other - one);
  };

  beforeEach(async () => {
    redis = await startRedisServer({ password: "hunter2", args: ["--enable-debug-command", "yes"] });
    proxy = await startSlowProxy(redis.port);
  });

  afterEach(async () => {
    await cache.stop();
    await proxy.close();
    await redis.stop();
  });

  it("is slow: a few wait, then nobody, until it is fast again", async () => {
    await start(proxy.port);
    await waitForState(cache, "up");
    proxy.delayMs = 500;
    const waits = await lookUp(40);
    expect(waits[0]).toBeLessThan(boundMs);
    expect(waits.filter((durationMs) => durationMs > 100).length).toBeLessThanOrEqual(6);
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 5);
    proxy.delayMs = 0;
    await waitForState(cache, "up");
    await expectBoundedAnswers(cache, 3);
  });

  it("is a little slow: is used as it is", async () => {
    await start(proxy.port);
    await waitForState(cache, "up");
    proxy.delayMs = 40;
    await expectBoundedAnswers(cache, 3);
    expect(await cache.redisState()).toBe("up");
  });

  it("is slower: what a gateway asks for comes in the time of one answer", async () => {
    await start(redis.port);
    await waitForState(cache, "up");
    for (let number = 1; number <= 3; number++) await cache.put(keyOf(number), `entry ${number}`);
    await cache.stop();
    await start(proxy.port);
    await waitForState(cache, "up");
    proxy.delayMs = 130;
    const waits: number[] = [];
    for (let number = 1; number <= 3; number++) {
      const { status, text, durationMs } = await cache.ask("GET", `/entries/${keyOf(number)}/copy`);
      expect({ status, text }).toEqual({
        status: 200,
        text: expect.stringContaining(`entry ${number}`) as string,
      });
      waits.push(durationMs);
    }
    // Two of its answers, one behind the other, take 260 ms.
    expect(Math.min(...waits.slice(1))).toBeLessThan(250);
  });

  it("leads to a Redis that is busy for two seconds", async () => {
    await start(redis.port);
    await waitForState(cache, "up");
    const busy = redis.cli("DEBUG", "SLEEP", "2");
    const waits = await lookUp(30);
    expect(waits[0]).toBeLessThan(boundMs);
    expect(waits.filter((durationMs) => durationMs > 100).length).toBeLessThanOrEqual(6);
    await busy;
    await waitForState(cache, "up");
    await expectBoundedAnswers(cache, 3);
  });

  it("is used by many at once when it becomes slow: all wait no longer than one", async () => {
    await start(proxy.port);
    await waitForState(cache, "up");
    proxy.delayMs = 500;
    const answers = await Promise.all(Array.from({ length: 50 }, (_, index) => cache.get(keyOf(index))));
    for (const { status, durationMs } of answers) {
      expect(status).toBe(404);
      expect(durationMs).toBeLessThan(boundMs);
    }
    expect((await lookUp(10))[5]).toBeLessThan(100);
  });

  it("is cut by an idle limit of the server: the heartbeat keeps it, a cut is mended", async () => {
    await start(redis.port);
    await waitForState(cache, "up");
    await redis.cli("CONFIG", "SET", "timeout", "1");
    for (let round = 0; round < 8; round++) {
      await expectBoundedAnswers(cache, 1);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await redis.cli("CLIENT", "KILL", "TYPE", "normal");
    await expectBoundedAnswers(cache, 3);
    await waitForState(cache, "up");
  });

  it("leads to a name that does not resolve", async () => {
    await start(6379, "no-such-host.invalid");
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /ENOTFOUND|EAI_AGAIN/);
  });

  it("leads to who accepts and says nothing", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    await start((silent.address() as AddressInfo).port);
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /no answer for 3 s/);
    await expectBoundedAnswers(cache, 3);
    silent.close();
  });

  /** A hung server whose queue of connections is full: the kernel drops whoever else comes. */
  it("drops every packet", async () => {
    await redis.stop();
    redis = await startRedisServer({ password: "hunter2", port: redis.port, args: ["--tcp-backlog", "1"] });
    redis.pause();
    const crowd: Socket[] = Array.from({ length: 8 }, () => connect(redis.port, "127.0.0.1"));
    for (const socket of crowd) socket.on("error", () => {});
    await new Promise((resolve) => setTimeout(resolve, 300));
    await start(redis.port);
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /no connection to Redis at 127.0.0.1:\d+ within 2000 ms/);
    await expectBoundedAnswers(cache, 3);
    for (const socket of crowd) socket.destroy();
    redis.resume();
    await waitForState(cache, "up");
  });
});
