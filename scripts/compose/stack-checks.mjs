// The stack as it runs, in this order: each check goes on from where the one before has left it.
import { deepEqual, equal, ok } from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { ask, newQuestion } from "./ask.mjs";
import { readExpressions } from "./dashboard.mjs";
import { query, queryValue, scrapedServices } from "./query.mjs";
import { waitFor } from "./wait-for.mjs";

const ours = ["gateway", "cache", "inference-adapter"];
const scrapeMs = 5000;
/** Which the scripted model recites for ever, 30 ms a token. */
const endless = "@@loop";

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
    const log = await project.compose(["logs", "--no-log-prefix", "inference-adapter"]);
    for (const sign of [/"percent":\d+,.*pulling the model/, /"step":"loading"/, /"step":"ready"/])
      ok(sign.test(log), `the log has no ${sign}:\n${log}`);
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
      const development = "typescript vitest node @nestjs/cli";
      const there = await shell(
        `for name in ${development}; do ls -d node_modules/$name 2>/dev/null; done; true`,
      );
      equal(there.trim(), "", `${service} has development packages`);
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

  "killed services are back within seconds, and Redis has kept its entries": async ({ project, asked }) => {
    const victims = [...ours, "redis"];
    const startedAt = Date.now();
    await Promise.all(victims.map((service) => project.killMainProcess(service)));
    const headers = { "cache-control": "only-if-cached" };
    await waitFor(async () => equal((await ask(project.url, asked, { headers })).cache, "hit"), 30_000);
    const seconds = (Date.now() - startedAt) / 1000;
    for (const service of victims) {
      await waitFor(
        async () => deepEqual(await project.health(service), ["running healthy"], service),
        30_000,
      );
      equal((await project.inspect(service))[0].RestartCount, 1, service);
    }
    return `the first hit after ${seconds.toFixed(0)} s`;
  },

  "stopping lets a running stream finish": async ({ project }) => {
    const stream = ask(project.url, newQuestion(endless), { maxTokens: 250 });
    await delay(1500);
    const [answer] = await Promise.all([stream, project.compose(["stop", "gateway"])]);
    deepEqual([answer.cache, answer.last?.type], ["miss", "message_stop"]);
    ok(answer.seconds > 5, `the stream took only ${answer.seconds} s`);
  },

  "stopping ends a stream with an error event after DRAIN_TIMEOUT_MS": async ({ project }) => {
    project.set({ DRAIN_TIMEOUT_MS: "1000" });
    await project.compose(["up", "-d", "--wait", "gateway"]);
    const stream = ask(project.url, newQuestion(endless), { maxTokens: 2000 });
    await delay(1500);
    const [answer] = await Promise.all([stream, project.compose(["stop", "gateway"])]);
    deepEqual([answer.last?.type, answer.last?.error?.type], ["error", "overloaded_error"]);
    equal(
      (
        await project.docker(["inspect", "-f", "{{.State.ExitCode}}", await stopped(project, "gateway")])
      ).trim(),
      "0",
    );
    project.set({ DRAIN_TIMEOUT_MS: undefined });
  },

  "a second start finds the model and the entries on their volumes": async ({ project, asked }) => {
    await project.compose(["down"], { limitMs: 180_000 });
    await project.compose(["up", "-d", "--wait"], { limitMs: 120_000 });
    await waitFor(async () => equal((await fetch(`${project.url}/health/ready`)).status, 200), 15_000);
    const log = await project.compose(["logs", "--no-log-prefix", "inference-adapter"]);
    ok(!log.includes("pulling"), log);
    equal((await ask(project.url, asked)).cache, "hit");
  },

  "three gateways behind the balancer: all get requests, a dead one gets none": async ({ project }) => {
    const gatewayPorts = [1, 2, 3].map((offset) => project.basePort + offset);
    const ports = `${gatewayPorts[0]}-${gatewayPorts[2]}`;
    project.set({ COMPOSE_PROFILES: "balancer", GATEWAYS: "3", GATEWAY_PORTS: ports });
    await project.compose(["up", "-d", "--wait"], { limitMs: 180_000 });
    const answered = async (port) => {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return Number(/llm_cache_requests_total\{result="bypass"\} (\d+)/.exec(page)?.[1]);
    };
    await Promise.all(
      Array.from({ length: 12 }, () =>
        ask(project.url, newQuestion(), { headers: { "cache-control": "no-store" }, maxTokens: 2 }),
      ),
    );
    for (const port of gatewayPorts) ok((await answered(port)) > 0, `port ${port} has answered nothing`);
    const scraped = ["cache", "gateway", "gateway", "gateway", "inference-adapter", "prometheus"];
    await waitFor(async () => deepEqual(await scrapedServices(project.prometheusUrl), scraped), 30_000);

    await project.docker(["stop", "-t", "5", (await project.containers("gateway"))[0]]);
    for (let count = 0; count < 10; count++) {
      const answer = await ask(project.url, newQuestion(), { maxTokens: 2 });
      equal(answer.status, 200, answer.body);
    }
  },

  "stopping the balancer lets a running stream finish": async ({ project }) => {
    const headers = { connection: "close" };
    const stream = ask(project.url, newQuestion(endless), { maxTokens: 200, headers });
    await delay(1500);
    const stop = project.compose(["stop", "balancer"], { limitMs: 130_000 });
    const [answer] = await Promise.all([stream, stop]);
    equal(answer.last?.type, "message_stop");
    project.set({ COMPOSE_PROFILES: undefined, GATEWAYS: undefined, GATEWAY_PORTS: undefined });
    await project.compose(["rm", "-sf", "balancer", "gateway"], { limitMs: 180_000 });
  },
};

/** The id of a service's container, also when it is stopped. */
async function stopped(project, service) {
  return (await project.compose(["ps", "-aq", service])).trim();
}

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
