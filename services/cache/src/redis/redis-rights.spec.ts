import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import { expectBoundedAnswers, waitForState } from "../cache-under-test.contract.js";
import { expectTold, type LoggedCache, startLoggedCache } from "./logged-cache.contract.js";

const errorsOf = (kind: string) => `llm_cache_redis_errors_total{kind="${kind}"}`;

describe.skipIf(isRedisMissing)("the rights that Redis gives", { timeout: 90_000 }, () => {
  let redis: RedisServer;
  let cache: LoggedCache;
  const start = async (env: NodeJS.ProcessEnv = {}) => {
    cache = await startLoggedCache({ REDIS_URL: `redis://127.0.0.1:${redis.port}`, ...env });
  };

  beforeEach(async () => {
    redis = await startRedisServer();
  });

  afterEach(async () => {
    await cache.stop();
    await redis.stop();
  });

  it("gives the user no right to store", async () => {
    await redis.cli("ACL", "SETUSER", "reader", "on", ">hunter2", "~*", "+@read", "+ping");
    await start({ REDIS_USERNAME: "reader", REDIS_PASSWORD: "hunter2" });
    await waitForState(cache, "up");
    await expectBoundedAnswers(cache, 5);
    expect(await cache.metric(errorsOf("not_permitted"))).toBeGreaterThan(9);
    await expectTold(cache, /refuses \w+: NOPERM/);
    await redis.cli("ACL", "SETUSER", "reader", "+@write", "+@scripting");
    await expectBoundedAnswers(cache, 1);
    expect(await cache.healthReason()).toBeUndefined();
  });

  it("gives the user the least rights: no ping either", async () => {
    const rights = ["~llm-selfhost:*", "+@read", "+@write", "+@scripting"];
    await redis.cli("ACL", "SETUSER", "least", "on", ">hunter2", ...rights);
    await start({ REDIS_URL: `redis://least:hunter2@127.0.0.1:${redis.port}` });
    await waitForState(cache, "up");
    await expectBoundedAnswers(cache, 5);
    expect(await cache.healthReason()).toBeUndefined();
  });

  it.each([
    ["a wrong password", { REDIS_PASSWORD: "hunter2" }, /WRONGPASS/],
    ["an unknown user", { REDIS_USERNAME: "nobody", REDIS_PASSWORD: "hunter2" }, /WRONGPASS/],
    ["no password", {}, /NOAUTH/],
  ])("does not let in %s", async (_name, env, reason) => {
    await redis.cli("CONFIG", "SET", "requirepass", "right");
    await start(env);
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, reason);
    expect(await cache.metric(errorsOf("not_permitted"))).toBeGreaterThan(0);
  });

  it("does not have the database", async () => {
    await start({ REDIS_URL: `redis://127.0.0.1:${redis.port}/99` });
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /DB index is out of range/);
  });

  it("knows neither CONFIG nor CLIENT, as some hosted ones", async () => {
    await redis.cli("ACL", "SETUSER", "default", "-config", "-client", "-info", "-@dangerous", "-select");
    await start();
    await waitForState(cache, "up");
    await expectBoundedAnswers(cache, 3);
    expect(await cache.healthReason()).toBeUndefined();
  });
});
