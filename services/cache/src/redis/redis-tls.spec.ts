import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  findFreePort,
  isRedisMissing,
  type RedisServer,
  startRedisServer,
} from "../../../../tests/support/redis-server.js";
import { type CacheUnderTest, startCacheUnderTest, waitForState } from "../cache-under-test.contract.js";

describe.skipIf(isRedisMissing)("Redis over TLS", () => {
  let directory: string;
  let certificate: string;
  let redis: RedisServer;
  let tlsPort: number;
  let cache: CacheUnderTest;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "llm-selfhost-tls-"));
    certificate = join(directory, "certificate.pem");
    const key = join(directory, "key.pem");
    const subject = ["-subj", "/CN=redis", "-addext", "subjectAltName=IP:127.0.0.1"];
    const files = ["-keyout", key, "-out", certificate];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync("openssl", ["req", "-x509", ...curve, ...subject, ...files], { stdio: "ignore" });
    tlsPort = await findFreePort();
    const tls = ["--tls-port", String(tlsPort), "--tls-auth-clients", "no", "--tls-key-file", key];
    redis = await startRedisServer({
      args: [...tls, "--tls-cert-file", certificate, "--tls-ca-cert-file", certificate],
    });
  });

  afterEach(() => cache.service.close());

  afterAll(async () => {
    await redis?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("connects where the configured authority has signed", async () => {
    const env = { REDIS_HOST: "127.0.0.1", REDIS_PORT: String(tlsPort), REDIS_TLS_CA: certificate };
    cache = await startCacheUnderTest(env);
    await waitForState(cache, "up");
    expect(await cache.put("a".repeat(64), "{}")).toMatchObject({ status: 204 });
    expect(await redis.cli("EXISTS", `llm-selfhost:entry:1:${"a".repeat(64)}`)).toBe("1");
  });

  it("does not trust a server that nobody knows", async () => {
    cache = await startCacheUnderTest({ REDIS_URL: `rediss://127.0.0.1:${tlsPort}` });
    await waitForState(cache, "down");
    expect((await cache.ask("GET", "/health")).text).toContain("self-signed certificate");
  });
});
