import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { Authority, type Certificate } from "../../../../tests/support/certificates.js";
import { findFreePort } from "../../../../tests/support/free-ports.js";
import {
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import { expectBoundedAnswers, waitForState } from "../cache-under-test.contract.js";
import { expectTold, type LoggedCache, startLoggedCache } from "./logged-cache.contract.js";

describe.skipIf(isRedisMissing)("Redis over TLS", { timeout: 90_000 }, () => {
  let authority: Authority;
  let other: Authority;
  const servers: RedisServer[] = [];
  let cache: LoggedCache;
  const startTls = async ({ certificate, key }: Certificate) => {
    const port = await findFreePort();
    const files = ["--tls-key-file", key, "--tls-cert-file", certificate];
    const tls = ["--tls-port", String(port), "--tls-auth-clients", "no", ...files];
    const redis = await startRedisServer({ args: [...tls, "--tls-ca-cert-file", authority.certificate] });
    servers.push(redis);
    return { redis, port };
  };
  const start = async (env: NodeJS.ProcessEnv) => {
    cache = await startLoggedCache({ REDIS_PASSWORD: "", ...env });
  };

  beforeAll(() => {
    authority = new Authority();
    other = new Authority();
  });

  afterEach(async () => {
    await cache.stop();
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  afterAll(() => {
    authority.remove();
    other.remove();
  });

  it("connects where the configured authority has signed", async () => {
    const { redis, port } = await startTls(authority.issue());
    await start({ REDIS_HOST: "127.0.0.1", REDIS_PORT: String(port), REDIS_TLS_CA: authority.certificate });
    await waitForState(cache, "up");
    await expectBoundedAnswers(cache, 3);
    expect(await cache.healthReason()).toBeUndefined();
    await redis.kill();
    await expectBoundedAnswers(cache, 3);
  });

  it("connects by a name, which it tells the server", async () => {
    const { port } = await startTls(authority.issue({ name: "DNS:localhost" }));
    await start({ REDIS_URL: `rediss://localhost:${port}`, REDIS_TLS_CA: authority.certificate });
    await waitForState(cache, "up");
  });

  it.each([
    ["no configured authority", {}, undefined, /REDIS_TLS_CA can name the authority/],
    ["a certificate that has expired", { days: -1 }, "own", /certificate has expired \(renew it/],
    [
      "a certificate for another name",
      { name: "DNS:redis.example" },
      "own",
      /not match.*by a name for which/,
    ],
    ["another authority", {}, "other", /REDIS_TLS_CA can name the authority/],
  ])("does not trust: %s", async (_name, options, trusted, reason) => {
    const { port } = await startTls(authority.issue(options));
    const trustedFile = { own: authority.certificate, other: other.certificate }[trusted ?? ""] ?? "";
    await start({ REDIS_URL: `rediss://:hunter2@127.0.0.1:${port}`, REDIS_TLS_CA: trustedFile });
    await waitForState(cache, "down");
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, new RegExp(`the certificate of Redis is not accepted: .*${reason.source}`));
  });

  it("says so when Redis speaks no TLS", async () => {
    const redis = await startRedisServer({ password: "hunter2" });
    servers.push(redis);
    await start({ REDIS_URL: `redis://:hunter2@127.0.0.1:${redis.port}`, REDIS_TLS: "true" });
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /speaks no TLS, but TLS is configured/);
    await expectBoundedAnswers(cache, 3);
  });

  it.each([
    ["with a password", ":hunter2@"],
    ["without one", ""],
  ])("says so when Redis speaks TLS only, %s", async (_name, credentials) => {
    const { port } = await startTls(authority.issue());
    await start({ REDIS_URL: `redis://${credentials}127.0.0.1:${port}` });
    await expectBoundedAnswers(cache, 3);
    await expectTold(cache, /speaks TLS, but REDIS_TLS is not set/);
    await expectBoundedAnswers(cache, 3);
  });
});
