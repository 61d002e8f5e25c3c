// The stack as it runs, in this order: each check goes on from where the one before has left it.
import { deepEqual, equal, ok } from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { ask, newQuestion } from "./ask.mjs";
import { readExpressions } from "./dashboard.mjs";
import { query, queryValue, scrapedServices } from "./query.mjs";
import { ours } from "./services.mjs";
import { waitFor } from "./wait-for.mjs";

const scrapeMs = 5000;

export const stackChecks = {
  "up --wait returns within a minute, while the model is being pulled": async ({ project }) => {
    const startedAt = Date.now();
    await project.compose(["up", "-d", "--wait"], { limitMs: 120_000 });
    const seconds = (Date.now() - startedAt) / 1000;
    ok(seconds < 60, `it took ${seconds} s`);
    const response = await fetch(`${project.url}/health/ready`);
    const body = await response.text();
    equal(response.status, 503, body);
    ok(/pulling \d+ %/.test(body), body);
  },

  "the pull and the warm-up are seen in the log and at /health/ready": async ({ project }) => {
    await waitFor(async () => equal((await fetch(`${project.url}/health/ready`)).status, 200), 90_000);
    // Lines are written in blocks, some tenths of a second later.
    await waitFor(async () => {
      const log = await project.compose(["logs", "--no-log-prefix", "inference-adapter"]);
      for (const sign of [/"percent":\d+,.*pulling the model/, /"step":"loading"/, /"step":"ready"/])
        ok(sign.test(log), `the log has no ${sign}:\n${log}`);
    }, 10_000);
  },

  "a message through the published port, and its repetition from the cache": async (context) => {
    const { project } = context;
    context.asked = newQuestion();
    const first = await ask(project.url, context.asked);
    equal(first.status, 200, first.body);
    deepEqual([first.cache, first.last?.type], ["miss", "message_stop"]);
    await waitFor(async () => equal((await ask(project.url, context.asked)).cache, "hit"), 5000);
  },

  "our containers: an ordinary user, nothing to write, no capabilities, an init": async ({ project }) => {
    for (const service of ours) {
      const [{ HostConfig, Config }] = await project.inspect(service);
      equal(HostConfig.ReadonlyRootfs, true, service);
      equal(HostConfig.Init, true, service);
      deepEqual(HostConfig.CapDrop, ["ALL"], service);
      ok(HostConfig.SecurityOpt.includes("no-new-privileges:true"), service);
      equal(Config.User, "1000:1000", service);
      const shell = (script) => project.compose(["exec", "-T", service, "sh", "-c", script]);
      ok(/CapEff:\t0+\n/.test(await shell("grep CapEff /proc/1/status")), `${service} has capabilities`);
      equal((await shell("touch /app/x 2>/dev/null || echo refused")).trim(), "refused", service);
      deepEqual((await shell("ls /app")).trim().split("\n"), ["dist", "health-check.mjs", "package.json"]);
      ok(
        /^==== fastify \S+: MIT$/m.test(await shell("cat dist/bundle/licenses.txt")),
        `${service}: licences`,
      );
    }
  },

  "Redis: volatile-lru, append-only, and no way out": async ({ project }) => {
    const redis = (...words) => project.compose(["exec", "-T", "redis", ...words]);
    ok((await redis("redis-cli", "config", "get", "maxmemory-policy")).includes("volatile-lru"));
    ok((await redis("redis-cli", "config", "get", "maxmemory")).includes("536870912"));
    ok((await redis("redis-cli", "config", "get", "appendonly")).includes("yes"));
    const [{ NetworkSettings }] = await project.inspect("redis");
    const networks = Object.keys(NetworkSettings.Networks);
    deepEqual(networks, [`${project.name}_inner`]);
    equal((await project.docker(["network", "inspect", "-f", "{{.Internal}}", ...networks])).trim(), "true");
  },

  "Prometheus scrapes all three, and counts what the client counted": async ({ project }) => {
    const scraped = [...ours, "prometheus"].toSorted();
    await waitFor(async () => deepEqual(await scrapedServices(project.prometheusUrl), scraped), 30_000);
    const total = (result) =>
      queryValue(project.prometheusUrl, `sum(llm_cache_requests_total{result="${result}"})`);
    const seconds = (cache) =>
      queryValue(project.prometheusUrl, `sum(gen_ai_server_request_duration_seconds_sum{cache="${cache}"})`);
    const read = async () => ({
      hit: await total("hit"),
      miss: await total("miss"),
      hitSeconds: await seconds("hit"),
      missSeconds: await seconds("miss"),
    });
    await delay(2 * scrapeMs);
    const before = await read();
    const counted = { hit: 0, miss: 0, hitSeconds: 0, missSeconds: 0 };
    const questions = Array.from({ length: 4 }, () => newQuestion());
    for (const question of [...questions, ...questions, ...questions]) {
      const answer = await ask(project.url, question);
      counted[answer.cache]++;
      counted[`${answer.cache}Seconds`] += answer.seconds;
    }
    deepEqual([counted.hit, counted.miss], [8, 4]);
    await waitFor(async () => {
      const after = await read();
      equal(after.hit - before.hit, counted.hit);
      equal(after.miss - before.miss, counted.miss);
      isNear(after.missSeconds - before.missSeconds, counted.missSeconds, "seconds of misses");
      isNear(after.hitSeconds - before.hitSeconds, counted.hitSeconds, "seconds of hits");
    }, 4 * scrapeMs);
    const ratio = (await total("hit")) / ((await total("hit")) + (await total("miss")));
    isNear(await queryValue(project.prometheusUrl, "llm_cache_hit_ratio"), ratio, "hit ratio");
  },

  "every panel of the dashboard has data": async ({ project }) => {
    for (let round = 0; round < 3; round++) {
      await makeTraffic(project.url);
      await delay(scrapeMs);
    }
    await waitFor(
      async () => {
        const empty = [];
        for (const { panel, expression } of readExpressions()) {
          const samples = await query(project.prometheusUrl, expression);
          if (!samples.some(({ value }) => Number.isFinite(value))) empty.push(`${panel}: ${expression}`);
        }
        deepEqual(empty, []);
      },
      4 * scrapeMs,
      1000,
    );
    for (const expression of ["llm_prompt_rejected_total", 'llm_cache_requests_total{result="error"}'])
      ok((await queryValue(project.prometheusUrl, `sum(${expression})`)) >= 3, expression);
  },

  "Grafana has the dashboard": async ({ project }) => {
    const found = await (await fetch(`${project.grafanaUrl}/api/search`)).json();
    ok(
      found.some(({ uid }) => uid === "llm-selfhost"),
      JSON.stringify(found),
    );
  },
};

/** A bit of all that the dashboard shows. */
async function makeTraffic(url) {
  const question = newQuestion();
  await Promise.all([ask(url, question), ask(url, question)]);
  await delay(300);
  for (let count = 0; count < 3; count++) await ask(url, question);
  await ask(url, question, { headers: { "cache-control": "no-cache" } });
  await ask(url, newQuestion(), { headers: { "cache-control": "no-store" } });
  await ask(url, newQuestion(), { model: "no-such-model" });
  await ask(url, newQuestion("many words ".repeat(30_000)));
}

/** What the client measures has the way there and back in it. */
function isNear(value, expected, what) {
  ok(Math.abs(value - expected) <= 0.5 + 0.25 * expected, `${what}: ${value} here, ${expected} there`);
}
