import { describe, expect, it } from "vitest";
import { loadConfig } from "#platform/load-config.js";
import { CacheConfig } from "../cache.config.js";
import { toRedisOptions } from "./to-redis-options.js";

const read = (env: NodeJS.ProcessEnv) => toRedisOptions(loadConfig(CacheConfig, env));

describe("toRedisOptions", () => {
  it("is undefined without Redis, whatever else is set", () => {
    expect(read({ REDIS_PORT: "7000", REDIS_PASSWORD: "secret" })).toBeUndefined();
  });

  it("reads the single variables", () => {
    const env = { REDIS_HOST: "cache", REDIS_PORT: "7000", REDIS_USERNAME: "me", REDIS_PASSWORD: "secret" };
    const addresses = [{ host: "cache", port: 7000 }];
    const options = { topology: "single", addresses, username: "me", password: "secret", isTls: false };
    expect(read({ ...env, REDIS_TLS: "false" })).toMatchObject(options);
    expect(read({ ...env, REDIS_TLS: "true" })).toMatchObject({ ...options, isTls: true });
  });

  it("prefers the URL and fills what it leaves open", () => {
    const env = {
      REDIS_URL: "rediss://far:1",
      REDIS_HOST: "near",
      REDIS_PORT: "2",
      REDIS_PASSWORD: "secret",
    };
    expect(read(env)).toMatchObject({ host: "far", port: 1, isTls: true, password: "secret" });
  });

  it("knows a cluster and sentinels, with the password beside the URL", () => {
    const cluster = { REDIS_URL: "redis-cluster://a:1,b:2", REDIS_PASSWORD: "secret", REDIS_TLS: "true" };
    const addresses = [
      { host: "a", port: 1 },
      { host: "b", port: 2 },
    ];
    expect(read(cluster)).toMatchObject({ topology: "cluster", addresses, isTls: true, password: "secret" });
    const sentinel = { REDIS_URL: "redis-sentinel://a:1,b:2/main" };
    expect(read(sentinel)).toMatchObject({ topology: "sentinel", addresses, masterName: "main" });
  });
});
