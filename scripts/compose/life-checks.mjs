// What the stack does when services die, stop, start again and become more; after the checks of stack-checks.mjs.
import { deepEqual, equal, ok } from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { ask, newQuestion } from "./ask.mjs";
import { scrapedServices } from "./query.mjs";
import { ours } from "./services.mjs";
import { waitFor } from "./wait-for.mjs";

/** Which the scripted model recites for ever, 30 ms a token. */
const endless = "@@loop";

export const lifeChecks = {
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
