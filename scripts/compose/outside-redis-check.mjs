// A Redis elsewhere, with TLS and a password, as Redis Cloud has it: by variables alone, without the bundled one.
import { deepEqual, equal } from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./run.mjs";
import { waitFor } from "./wait-for.mjs";

const host = "llm-selfhost-test-outside-redis";
const password = "correct-horse";

export const outsideRedisCheck = {
  "a Redis elsewhere with TLS takes the bundled one's place": async ({ project }) => {
    const folder = await makeCertificate();
    try {
      await project.compose(["rm", "-sf", "redis", "cache", "gateway"], { limitMs: 180_000 });
      await startRedis(project, folder);
      project.set({
        BUNDLED_REDIS: "0",
        REDIS_HOST: host,
        REDIS_PORT: "6380",
        REDIS_PASSWORD: password,
        REDIS_TLS: "true",
        REDIS_TLS_CA: join(folder, "certificate.pem"),
      });
      await project.compose(["up", "-d", "--wait"], { limitMs: 120_000 });
      await waitFor(async () => {
        const { details } = await (await fetch(`${project.url}/health`)).json();
        deepEqual([details.cache.state, details.cache.redis?.state], ["ok", "ok"], JSON.stringify(details));
      }, 20_000);
      equal((await project.containers("redis")).length, 0);
    } finally {
      await project.docker(["rm", "-f", host]);
      rmSync(folder, { recursive: true });
    }
  },
};

async function makeCertificate() {
  const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-redis-"));
  chmodSync(folder, 0o755);
  const [key, certificate] = [join(folder, "key.pem"), join(folder, "certificate.pem")];
  const names = ["-subj", `/CN=${host}`, "-addext", `subjectAltName=DNS:${host}`];
  const files = ["-keyout", key, "-out", certificate];
  await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", ...names, ...files]);
  for (const file of [key, certificate]) chmodSync(file, 0o644);
  return folder;
}

async function startRedis(project, folder) {
  const { services } = await project.config("docker-compose.yml");
  const place = ["--name", host, "--network", `${project.name}_outside`, "-v", `${folder}:/tls:ro`];
  const tls = [
    "--tls-port",
    "6380",
    "--tls-cert-file",
    "/tls/certificate.pem",
    "--tls-key-file",
    "/tls/key.pem",
  ];
  const rest = ["--port", "0", "--tls-auth-clients", "no", "--requirepass", password];
  await project.docker(["run", "-d", ...place, services.redis.image, "redis-server", ...tls, ...rest]);
}
