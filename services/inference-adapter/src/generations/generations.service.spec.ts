import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { ApiError } from "#anthropic/errors.js";
import { Shutdown } from "#platform/shutdown.js";
import type { JoinRule } from "#service-contracts/inference-headers.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { numbersOf, ScriptedRun, settle } from "./__fixtures__/scripted-runs.js";
import { GenerationsMetrics } from "./generations.metrics.js";
import { GenerationsService } from "./generations.service.js";

const graceMs = 60_000;
const claimOf = (key: string) => ({ session: key, prefix: key, promptTokens: 10_000 });

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] }));
afterEach(() => void vi.useRealTimers());

function startService(settings: Partial<InferenceAdapterConfig> = {}, cancelsInPrefill = false) {
  const config = Object.assign(new InferenceAdapterConfig(), { DETACH_GRACE_MS: graceMs, ...settings });
  const registry = new Registry();
  const shutdown = new Shutdown();
  const metrics = new GenerationsMetrics(registry, config);
  const service = new GenerationsService(config, metrics, shutdown, { cancelsInPrefill });

  /** A request for the key: its run, whether it was started, what it reads, and how to leave. */
  function ask(key: string, run = new ScriptedRun(), joins?: JoinRule) {
    const client = new AbortController();
    const { generation, started } = service.join(key, claimOf(key), run.start, joins);
    const subscription = generation.subscribe(client.signal);
    const outcome = collect(subscription.events).then(numbersOf, (error: unknown) =>
      error instanceof ApiError ? error.type : "left",
    );
    return { run, generation, started, outcome, subscription, leave: () => client.abort(new Error("left")) };
  }
  return { service, registry, shutdown, ask };
}

const wait = async (ms: number) => {
  await vi.advanceTimersByTimeAsync(ms);
  await settle();
};

describe("identical requests", () => {
  it("run once, and all read everything", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.run.say(0, 1);
    await settle();
    const second = ask("a");
    const third = ask("a");
    first.run.say(2);
    first.run.end();
    expect(await Promise.all([first.outcome, second.outcome, third.outcome])).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect([first.started, second.started, third.started]).toEqual([true, false, false]);
    expect([first.run.starts, second.run.starts]).toEqual([1, 0]);
  });

  it("join while it waits in the queue", async () => {
    const { ask } = startService();
    ask("a");
    const queued = ask("b");
    expect(ask("b")).toMatchObject({ started: false, generation: queued.generation });
  });

  it("read a finished one for a moment, then run again", async () => {
    const { ask } = startService();
    const first = ask("a");
    first.run.say(0);
    first.run.end();
    await first.outcome;
    await wait(900);
    const late = ask("a");
    expect(late.started).toBe(false);
    expect(await late.outcome).toEqual([0]);
    await wait(graceMs);
    expect(ask("a").started).toBe(true);
  });

  it.each<[JoinRule, isJoined: { running: boolean; left: boolean; delivered: boolean }]>([
    ["any", { running: true, left: true, delivered: true }],
    ["undelivered", { running: true, left: true, delivered: false }],
    ["running", { running: true, left: false, delivered: false }],
  ])("join with the rule %s: %j", async (rule, { running, left, delivered }) => {
    const { ask } = startService({ INFERENCE_CONCURRENCY: 8 });
    const isJoined = (key: string) => !ask(key, new ScriptedRun(), rule).started;
    ask("running");
    await settle();
    expect(isJoined("running")).toBe(running);
    const deserted = ask("left");
    await settle();
    deserted.run.say(0);
    await settle();
    deserted.leave();
    deserted.run.end();
    await settle();
    expect(isJoined("left")).toBe(left);
    const read = ask("delivered");
    read.run.say(0);
    read.run.end();
    await read.outcome;
    expect(isJoined("delivered")).toBe(delivered);
  });

  it("join nothing that has ended once it is to be forgotten", async () => {
    const { ask, service } = startService({ INFERENCE_CONCURRENCY: 2 });
    const ended = ask("ended");
    ended.run.say(0);
    ended.run.end();
    await ended.outcome;
    ask("running");
    await settle();
    service.forgetFinished();
    expect(ask("ended").started).toBe(true);
    expect(ask("running").started).toBe(false);
  });

  it("do not join a finished one without content", async () => {
    const { ask } = startService();
    const first = ask("a");
    first.run.end();
    expect(await first.outcome).toEqual([]);
    await wait(0);
    expect(ask("a").started).toBe(true);
  });

  it("do not join a failed one", async () => {
    const { ask } = startService();
    const first = ask("a");
    first.run.end(new ApiError("timeout_error", "silent"));
    expect(await first.outcome).toBe("timeout_error");
    expect(ask("a").started).toBe(true);
  });

  it("do not join one that was given up, whose end is not forgotten over the new one", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.run.say(0);
    await settle();
    first.leave();
    const other = ask("b");
    const again = ask("a");
    expect(again.started).toBe(true);
    await settle();
    other.run.end();
    await settle();
    expect(ask("a")).toMatchObject({ started: false, generation: again.generation });
  });
});

describe("different requests", () => {
  it("queue for the slot in their order", async () => {
    const { ask } = startService();
    const [a, b, c] = [ask("a"), ask("b"), ask("c")];
    await settle();
    expect([a, b, c].map(({ run }) => run.starts)).toEqual([1, 0, 0]);
    a.run.end();
    await settle();
    expect([a, b, c].map(({ run }) => run.starts)).toEqual([1, 1, 0]);
    b.run.end(new ApiError("api_error", "broken"));
    await settle();
    expect([a, b, c].map(({ run }) => run.starts)).toEqual([1, 1, 1]);
  });

  it("run beside each other where there are slots", async () => {
    const { ask } = startService({ INFERENCE_CONCURRENCY: 2 });
    const [a, b, c] = [ask("a"), ask("b"), ask("c")];
    await settle();
    expect([a, b, c].map(({ run }) => run.isRunning)).toEqual([true, true, false]);
  });

  it("leave one that nobody listens to alone where there are slots", async () => {
    const { ask } = startService({ INFERENCE_CONCURRENCY: 2 });
    const left = ask("a");
    await settle();
    left.run.say(0);
    await settle();
    left.leave();
    ask("b");
    await settle();
    expect(ask("a")).toMatchObject({ started: false, generation: left.generation });
  });

  it("are refused at once when the queue is full; those that join are not", async () => {
    const { ask, service } = startService({ INFERENCE_QUEUE_LIMIT: 1 });
    ask("a");
    ask("b");
    expect(() => service.join("c", claimOf("c"), new ScriptedRun().start)).toThrow(
      expect.objectContaining({ type: "overloaded_error", status: 529 }),
    );
    expect(ask("b").started).toBe(false);
  });

  it("take the queue's place of one that nobody waits for any more", async () => {
    const { ask } = startService({ INFERENCE_QUEUE_LIMIT: 1 });
    ask("a");
    const left = ask("b");
    left.leave();
    expect(left.generation.abort.signal.aborted).toBe(false);
    expect(ask("c").started).toBe(true);
    expect(left.generation.abort.signal.aborted).toBe(true);
  });

  it("are counted in queue and flight", async () => {
    const { ask, registry } = startService();
    ask("a");
    ask("b");
    await settle();
    const read = async (name: string) =>
      (await registry.getSingleMetric(name)?.get())?.values.map(({ value }) => value);
    expect(await read("llm_inference_queue_depth")).toEqual([1]);
    expect(await read("llm_inference_in_flight")).toEqual([1]);
  });
});

describe("a generation whose clients have left", () => {
  it("is joined by who comes back within the grace", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.run.say(0);
    await settle();
    first.leave();
    await wait(graceMs - 1);
    const back = ask("a");
    expect(back.started).toBe(false);
    await wait(graceMs * 2);
    first.run.say(1);
    first.run.end();
    expect(await back.outcome).toEqual([0, 1]);
    expect(first.run.starts).toBe(1);
  });

  it("has the whole grace each time that they leave", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.run.say(0);
    await settle();
    first.leave();
    await wait(graceMs - 10_000);
    ask("a").leave();
    await wait(graceMs - 1000);
    expect(first.run.isRunning).toBe(true);
    await wait(1000);
    expect(first.run.isRunning).toBe(false);
  });

  it("is cancelled after the grace, and frees its slot", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.run.say(0);
    await settle();
    first.leave();
    await wait(graceMs - 1);
    expect(first.run.isRunning).toBe(true);
    await wait(1);
    expect(first.run.isRunning).toBe(false);
    const next = ask("b");
    await settle();
    expect(next.run.isRunning).toBe(true);
  });

  it("is cancelled at once while it decodes and another request waits", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.run.say(0);
    await settle();
    const waiting = ask("b");
    await settle();
    expect(waiting.run.starts).toBe(0);
    first.leave();
    await settle();
    expect(first.run.isRunning).toBe(false);
    expect(waiting.run.isRunning).toBe(true);
  });

  it("is cancelled at once when another request comes", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.run.say(0);
    await settle();
    first.leave();
    await settle();
    expect(first.run.isRunning).toBe(true);
    const next = ask("b");
    await settle();
    expect([first.run.isRunning, next.run.isRunning]).toEqual([false, true]);
  });

  it("in prefill is cancelled only at its first event, while another request waits", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.leave();
    const waiting = ask("b");
    await wait(1000);
    expect(first.run.isRunning).toBe(true);
    first.run.say(0);
    await settle();
    expect([first.run.isRunning, waiting.run.isRunning]).toEqual([false, true]);
  });

  it("in prefill is joined by a retry, though another request waits", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.leave();
    ask("b");
    const retry = ask("a");
    expect(retry.started).toBe(false);
    first.run.say(0);
    await settle();
    first.run.end();
    expect(await retry.outcome).toEqual([0]);
  });

  it("in prefill when the grace ends is cancelled at its first event, though nobody waits", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.leave();
    await wait(graceMs + 1000);
    expect(first.run.isRunning).toBe(true);
    first.run.say(0);
    await settle();
    expect(first.run.isRunning).toBe(false);
  });

  it("in prefill is cancelled when the model begins to write, though all is held back", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.leave();
    await wait(graceMs + 1000);
    expect(first.run.isRunning).toBe(true);
    first.run.hold();
    await settle();
    expect(first.run.isRunning).toBe(false);
  });

  it("is cancelled after the grace while all that the model writes is held back", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.run.hold();
    first.leave();
    await wait(graceMs - 1);
    expect(first.run.isRunning).toBe(true);
    await wait(1);
    expect(first.run.isRunning).toBe(false);
  });

  it("in prefill when the grace ends goes on for who comes back before the first event", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.leave();
    await wait(graceMs + 1000);
    const back = ask("a");
    first.run.say(0);
    await settle();
    first.run.end();
    expect(await back.outcome).toEqual([0]);
  });

  it("in prefill is cancelled at once for another request, by a backend that can", async () => {
    const { ask } = startService({}, true);
    const first = ask("a");
    await settle();
    first.leave();
    expect(first.run.isRunning).toBe(true);
    const next = ask("b");
    await settle();
    expect([first.run.isRunning, next.run.isRunning]).toEqual([false, true]);
  });

  it("in prefill is cancelled when the grace ends, by a backend that can", async () => {
    const { ask } = startService({}, true);
    const first = ask("a");
    await settle();
    first.leave();
    await wait(graceMs - 1000);
    expect(first.run.isRunning).toBe(true);
    await wait(2000);
    expect(first.run.isRunning).toBe(false);
  });

  it("keeps its place in the queue for a retry", async () => {
    const { ask } = startService();
    const running = ask("a");
    const queued = ask("b");
    await settle();
    queued.leave();
    await settle();
    const retry = ask("b");
    expect(retry.started).toBe(false);
    running.run.end();
    await settle();
    expect(queued.run.isRunning).toBe(true);
  });

  it("gives its turn to others who wait", async () => {
    const { ask } = startService();
    const [running, left, waiting] = [ask("a"), ask("b"), ask("c")];
    await settle();
    left.leave();
    running.run.end();
    await settle();
    expect([left.run.starts, waiting.run.starts]).toEqual([0, 1]);
  });

  it("leaves the queue after the grace", async () => {
    const { ask } = startService();
    ask("a");
    const left = ask("b");
    left.leave();
    await wait(graceMs);
    expect(left.generation.isFinished).toBe(true);
    expect(left.run.starts).toBe(0);
  });

  it("is not cancelled beyond what others need", async () => {
    const { ask } = startService({ INFERENCE_CONCURRENCY: 2 });
    const [a, b] = [ask("a"), ask("b")];
    await settle();
    a.run.say(0);
    b.run.say(0);
    await settle();
    a.leave();
    b.leave();
    const next = ask("c");
    const joining = ask("c");
    await settle();
    expect([next.run.starts, joining.started]).toEqual([1, false]);
    expect([a.run.isRunning, b.run.isRunning].filter(Boolean)).toHaveLength(1);
  });

  it("whose gateway only records counts as left", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.run.say(0);
    await settle();
    first.subscription.detach();
    await wait(graceMs - 1);
    expect(first.run.isRunning).toBe(true);
    first.run.say(1);
    first.run.end();
    expect(await first.outcome).toEqual([0, 1]);
  });

  it("keeps its finished answer for the grace", async () => {
    const { ask } = startService();
    const first = ask("a");
    await settle();
    first.leave();
    first.run.say(0);
    first.run.end();
    await wait(graceMs - 1);
    const back = ask("a");
    expect(back.started).toBe(false);
    expect(await back.outcome).toEqual([0]);
    await wait(1);
    expect(ask("a").started).toBe(true);
  });
});

describe("the end of the service", () => {
  it("ends all, the queued ones too, with its reason", async () => {
    const { ask, shutdown } = startService();
    const all = [ask("a"), ask("b"), ask("c")];
    await settle();
    all[0]?.run.say(0);
    await settle();
    shutdown.endAnswers();
    expect(await Promise.all(all.map(({ outcome }) => outcome))).toEqual(
      Array.from({ length: 3 }, () => "overloaded_error"),
    );
    expect(all.map(({ run }) => run.isRunning)).toEqual([false, false, false]);
  });
});

it("a hundred requests that come and go leave no timer, and the slots are free", async () => {
  const { ask, registry } = startService({ INFERENCE_CONCURRENCY: 3, INFERENCE_QUEUE_LIMIT: 1000 });
  const all = Array.from({ length: 100 }, (_, index) => ask(`key ${index % 40}`));
  await settle();
  for (const [index, { leave }] of all.entries()) if (index % 3 === 0) leave();
  for (let turn = 0; turn < 50; turn++) {
    for (const { run } of all)
      if (run.isRunning) {
        run.say(0);
        run.end();
      }
    await settle();
  }
  await Promise.all(all.map(({ outcome }) => outcome));
  await wait(graceMs);
  expect(vi.getTimerCount()).toBe(0);
  const inFlight = await registry.getSingleMetric("llm_inference_in_flight")?.get();
  expect(inFlight?.values[0]?.value).toBe(0);
});
