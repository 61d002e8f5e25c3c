import { Registry } from "prom-client";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createLogger } from "#platform/logging.js";
import type { GenerationsService } from "../generations/generations.service.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import type { DefaultModelService, ModelStep } from "../models/default-model.service.js";
import { IdleWatch } from "./idle-watch.js";

const minute = 60_000;
const folder = mkdtempSync(join(tmpdir(), "llm-selfhost-idle-"));
let file: string;
let count = 0;

beforeEach(() => {
  file = join(folder, String(count++));
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
  if (existsSync(file)) rmSync(file);
});

function startWatch(settings: Partial<InferenceAdapterConfig> = {}) {
  const command = `echo run >> '${file}'`;
  const config = Object.assign(new InferenceAdapterConfig(), { IDLE_COMMAND: command, ...settings });
  const generations = { isBusy: false };
  const model: { state: ModelStep } = { state: { step: "waiting", message: "not asked yet" } };
  const registry = new Registry();
  const watch = new IdleWatch(
    config,
    generations as GenerationsService,
    model as DefaultModelService,
    registry,
    createLogger("inference-adapter", Object.assign(new InferenceAdapterConfig(), { LOG_LEVEL: "silent" })),
  );
  watch.onApplicationBootstrap();
  return { watch, generations, model, registry };
}

const wait = (ms: number) => vi.advanceTimersByTimeAsync(ms);
/** How often the command has run, after it has had time to. */
async function runs(expected: number): Promise<void> {
  const lines = () => (existsSync(file) ? readFileSync(file, "utf8").split("\n").length - 1 : 0);
  vi.useRealTimers();
  await vi.waitFor(() => expect(lines()).toBeGreaterThanOrEqual(expected), { timeout: 10_000, interval: 20 });
  await sleep(300);
  expect(lines()).toBe(expected);
}

describe("the idle command", () => {
  it("runs once after IDLE_MINUTES without a use", async () => {
    startWatch({ IDLE_MINUTES: 5 });
    await wait(60 * minute);
    await runs(1);
  });

  it("does not run before", async () => {
    startWatch({ IDLE_MINUTES: 5 });
    await wait(5 * minute - 2000);
    await runs(0);
  });

  it("is put off by every use", async () => {
    const { watch } = startWatch({ IDLE_MINUTES: 5 });
    for (let use = 0; use < 10; use++) {
      await wait(4 * minute);
      watch.noteUse();
    }
    expect(watch.seconds).toBe(0);
    await runs(0);
  });

  it("waits for the end of a generation, however long", async () => {
    const { generations, watch } = startWatch({ IDLE_MINUTES: 5 });
    generations.isBusy = true;
    await wait(60 * minute);
    expect(watch.seconds).toBe(0);
    generations.isBusy = false;
    await wait(4 * minute);
    expect(Math.round(watch.seconds)).toBe(240);
    await runs(0);
  });

  it("waits for a model that comes nearer, not for one that does not", async () => {
    const { model } = startWatch({ IDLE_MINUTES: 5 });
    for (let percent = 1; percent <= 20; percent++) {
      model.state = { step: "pulling", percent };
      await wait(2 * minute);
    }
    expect(existsSync(file)).toBe(false);
    for (let tries = 0; tries < 3; tries++) {
      model.state = { step: "waiting", message: "the pull broke off" };
      await wait(minute);
      model.state = { step: "pulling", percent: 20 };
      await wait(minute);
    }
    await runs(1);
  });

  it("runs again in the next idle time", async () => {
    const { watch } = startWatch({ IDLE_MINUTES: 5, IDLE_COMMAND: `echo run >> '${file}'; true` });
    await wait(10 * minute);
    watch.noteUse();
    await wait(10 * minute);
    await runs(2);
  });

  it("is tried again when it failed", async () => {
    startWatch({ IDLE_MINUTES: 5, IDLE_COMMAND: `echo run >> '${file}'; exit 3` });
    await wait(5 * minute);
    const untilTold = async (lines: number) =>
      vi.waitFor(
        async () => {
          await wait(minute);
          expect(readFileSync(file, "utf8").split("\n").length - 1).toBeGreaterThanOrEqual(lines);
        },
        { timeout: 10_000, interval: 50 },
      );
    await untilTold(2);
  });

  it("is none by default, and the time is measured all the same", async () => {
    const { registry } = startWatch({ IDLE_COMMAND: "" });
    await wait(90 * minute);
    expect(await registry.metrics()).toContain("\nllm_idle_seconds 5400\n");
    await runs(0);
  });
});
