import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "#anthropic/errors.js";
import type { ListedModels, ModelCard } from "#service-contracts/model-card.js";
import { GatewayConfig } from "../gateway.config.js";
import type { InferenceClient } from "../inference/inference.client.js";
import { ModelRouter } from "./model-router.js";
import type { RememberedModels } from "./remembered-models.js";

const card = (id: string, fingerprint = "f1"): ModelCard => ({
  type: "model",
  id,
  display_name: id,
  created_at: "2026-01-01T00:00:00Z",
  max_input_tokens: 65_536,
  max_tokens: 65_536,
  fingerprint,
});

/** An adapter that lists what it is told to. */
class FakeInference {
  models: ModelCard[] = [card("qwen3-coder:30b"), card("tiny:latest")];
  undescribed: string[] = [];
  error: Error | undefined;
  delayMs = 0;
  lists = 0;

  async listModels(): Promise<ListedModels> {
    this.lists += 1;
    const { models, undescribed, error, delayMs } = this;
    await sleep(delayMs);
    if (error) throw error;
    return { models, undescribed };
  }

  async getModel(name: string): Promise<ModelCard> {
    if (this.error) throw this.error;
    const found = this.models.find(({ id }) => id === name || id === `${name}:latest`);
    if (!found) throw new ApiError("not_found_error", `model: ${name} (asked the adapter)`);
    return found;
  }
}

/** The models of before a restart. */
class FakeMemory {
  models: ModelCard[] | undefined;

  write(models: ModelCard[]): void {
    this.models = models;
  }

  async read(): Promise<ModelCard[] | undefined> {
    return this.models;
  }
}

const down = new ApiError("api_error", "cannot be reached");
let inference: FakeInference;
let memory: FakeMemory;
let router: ModelRouter;
let now: number;

beforeEach(() => {
  inference = new FakeInference();
  memory = new FakeMemory();
  router = newRouter();
  now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});
afterEach(() => vi.restoreAllMocks());

const newRouter = () =>
  new ModelRouter(
    Object.assign(new GatewayConfig(), { MODEL_ALIASES: "fast=tiny" }),
    inference as unknown as InferenceClient,
    memory as unknown as RememberedModels,
  );

describe("ModelRouter after a restart", () => {
  it("knows what was listed before while the adapter is down, and asks on", async () => {
    await router.list();
    inference.error = down;
    const restarted = newRouter();
    expect(await restarted.resolve("claude-opus")).toEqual(card("qwen3-coder:30b"));
    inference.error = undefined;
    inference.models = [card("qwen3-coder:30b", "f2")];
    now = 10_000;
    expect(await restarted.resolve("claude-opus")).toEqual(card("qwen3-coder:30b", "f2"));
    expect(memory.models).toEqual(inference.models);
  });

  it("asks the adapter first: what it says goes before what was remembered", async () => {
    memory.models = [card("qwen3-coder:30b", "old")];
    expect(await newRouter().resolve("claude-opus")).toEqual(card("qwen3-coder:30b", "f1"));
  });

  it("tells why where nothing is remembered", async () => {
    inference.error = down;
    await expect(newRouter().resolve("claude-opus")).rejects.toBe(down);
  });
});

describe("ModelRouter", () => {
  it.each([
    ["qwen3-coder", "qwen3-coder:30b"],
    ["claude-haiku-4-5", "qwen3-coder:30b"],
    ["fast", "tiny:latest"],
  ])("resolves %s", async (requested, id) => expect((await router.resolve(requested)).id).toBe(id));

  it("asks once for many requests at once, and not again for a while", async () => {
    inference.delayMs = 20;
    await Promise.all(Array.from({ length: 10 }, () => router.resolve("tiny")));
    now = 4900;
    await router.resolve("tiny");
    expect(inference.lists).toBe(1);
    now = 5100;
    await router.resolve("tiny");
    expect(inference.lists).toBe(2);
  });

  it("sees a new fingerprint after a while", async () => {
    await router.resolve("tiny");
    inference.models = [card("tiny:latest", "f2")];
    expect((await router.resolve("tiny")).fingerprint).toBe("f1");
    now = 5100;
    expect((await router.resolve("tiny")).fingerprint).toBe("f2");
  });

  it("keeps the last known list while the adapter is down", async () => {
    await router.list();
    inference.error = down;
    now = 60_000;
    expect((await router.resolve("claude-opus")).id).toBe("qwen3-coder:30b");
    expect(router.isServed("tiny:latest")).toBe(true);
    expect(inference.lists).toBe(2);
  });

  it("tells the adapter's error where no list was ever known, and asks again the next time", async () => {
    inference.error = down;
    await expect(router.resolve("tiny")).rejects.toBe(down);
    inference.error = undefined;
    expect((await router.resolve("tiny")).id).toBe("tiny:latest");
  });

  it("asks once more for a name that it does not know", async () => {
    await router.list();
    inference.models = [...inference.models, card("new:latest")];
    expect((await router.resolve("new")).id).toBe("new:latest");
    expect(inference.lists).toBe(2);
  });

  it.each([
    ["an unknown name", "nope:7b", "nope:7b"],
    ["a name that means the default model", "claude-opus", "qwen3-coder"],
    ["an alias", "fast", "tiny"],
  ])("refuses %s that is not installed in the adapter's words", async (_name, requested, asked) => {
    inference.models = [card("other:latest")];
    await expect(router.resolve(requested)).rejects.toMatchObject({
      type: "not_found_error",
      message: `model: ${asked} (asked the adapter)`,
    });
  });

  it.each([
    ["an untagged name is its latest's", "tiny", "tiny:latest", "tiny:8b"],
    ["an untagged name that two have is nobody's", "tiny", "tiny:7b", "tiny:8b"],
    ["the default model", "claude-opus", "qwen3-coder:latest", "qwen3-coder:30b"],
  ])("takes no other for one that is not described yet: %s", async (_case, requested, undescribed, other) => {
    inference.models = [card(other)];
    inference.undescribed = [undescribed];
    await expect(router.resolve(requested)).rejects.toMatchObject({ type: "not_found_error" });
    expect(router.known(requested)).toBeUndefined();
  });

  it("goes on with what it knew of a model that is no longer described", async () => {
    await router.list();
    inference.models = [card("tiny:latest")];
    inference.undescribed = ["qwen3-coder:30b"];
    now = 5100;
    expect(await router.resolve("claude-opus")).toEqual(card("qwen3-coder:30b"));
    now = 10_200;
    expect(await router.resolve("claude-opus")).toEqual(card("qwen3-coder:30b"));
  });

  it("asks for no name that no model can have", async () => {
    await expect(router.resolve("n".repeat(20_000))).rejects.toMatchObject({
      type: "not_found_error",
      message: "model: no model has a name of over 500 characters",
    });
  });

  it("keeps no long names that clients make up", async () => {
    await router.list();
    const find = vi.spyOn(inference.models, "find");
    for (const name of ["claude-short", `claude-${"n".repeat(1000)}`])
      for (let time = 0; time < 3; time++) expect(router.known(name)?.id).toBe("qwen3-coder:30b");
    expect(find).toHaveBeenCalledTimes(1 + 3);
  });

  it("cannot tell whether an unknown name is served while the adapter is down", async () => {
    await router.list();
    inference.error = down;
    await expect(router.resolve("nope:7b")).rejects.toBe(down);
  });

  it("is held up by a slow adapter for half a second and no longer", async () => {
    await router.list();
    inference.delayMs = 5000;
    inference.models = [];
    now = 6000;
    const startedAt = Date.now();
    expect((await router.resolve("tiny")).id).toBe("tiny:latest");
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(450);
    expect(Date.now() - startedAt).toBeLessThan(2500);
    const again = Date.now();
    await router.resolve("tiny");
    expect(Date.now() - again).toBeLessThan(400);
  });

  it("knows the default model as it is installed", async () => {
    expect((await router.defaultModel())?.id).toBe("qwen3-coder:30b");
    inference.models = [card("tiny:latest")];
    now = 6000;
    expect(await router.defaultModel()).toBeUndefined();
  });

  it("names nothing as served before it was told", () => expect(router.isServed("tiny:latest")).toBe(false));
});
