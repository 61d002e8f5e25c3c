import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "#anthropic/errors.js";
import { createLogger } from "#platform/logging.js";
import type { BackendModel, InferenceBackend } from "../backends/inference-backend.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { ModelsService } from "./models.service.js";

beforeEach(() => void vi.useFakeTimers({ toFake: ["performance"] }));
afterEach(() => void vi.useRealTimers());

const model = (name: string, fields: Partial<BackendModel> = {}): BackendModel => ({
  name,
  digest: `digest of ${name}`,
  modifiedAt: "2026-01-01T00:00:00Z",
  capabilities: new Set(),
  trainedContextLength: 262_144,
  ...fields,
});

/** A backend that has these models, or is down, or answers slowly. */
class FakeBackend implements Partial<InferenceBackend> {
  readonly name = "fake";
  translationVersion = 1;
  asked = 0;
  answer: Promise<void> = Promise.resolve();
  isDown = false;
  undescribed = new Map<string, () => Promise<BackendModel>>();
  constructor(public models: BackendModel[]) {}

  async listModels(): Promise<BackendModel[]> {
    this.asked += 1;
    await this.answer;
    if (this.isDown) throw new ApiError("api_error", "down");
    return this.models;
  }
}

function startService(models: BackendModel[], settings: Partial<InferenceAdapterConfig> = {}) {
  const config = Object.assign(new InferenceAdapterConfig(), { LOG_LEVEL: "silent" }, settings);
  const backend = new FakeBackend(models);
  const logger = createLogger("test", config);
  logger.level = "silent";
  const service = new ModelsService(config, backend as unknown as InferenceBackend, logger);
  return { backend, service, names: async () => (await service.list()).map(({ name }) => name) };
}

describe("the list of models", () => {
  it("is asked for at most every five seconds", async () => {
    const { backend, names } = startService([model("a:latest")]);
    expect(await names()).toEqual(["a:latest"]);
    backend.models = [model("b:latest")];
    await vi.advanceTimersByTimeAsync(4900);
    expect(await names()).toEqual(["a:latest"]);
    expect(backend.asked).toBe(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(await names()).toEqual(["b:latest"]);
  });

  it("is asked for once by many at the same time", async () => {
    const { backend, names } = startService([model("a:latest")]);
    const all = Promise.all([names(), names(), names()]);
    expect(await all).toEqual([["a:latest"], ["a:latest"], ["a:latest"]]);
    expect(backend.asked).toBe(1);
  });

  it("stands as last known while the backend is down, and comes back with it", async () => {
    const { backend, names } = startService([model("a:latest")]);
    await names();
    backend.isDown = true;
    for (let turn = 0; turn < 3; turn++) {
      await vi.advanceTimersByTimeAsync(5100);
      expect(await names()).toEqual(["a:latest"]);
    }
    backend.isDown = false;
    backend.models = [];
    await vi.advanceTimersByTimeAsync(5100);
    expect(await names()).toEqual([]);
  });

  it("that was never known is an error while the backend is down", async () => {
    const { backend, service, names } = startService([model("a:latest")]);
    backend.isDown = true;
    await expect(service.list()).rejects.toMatchObject({ type: "api_error", message: "down" });
    backend.isDown = false;
    expect(await names()).toEqual(["a:latest"]);
  });

  it("that comes slowly holds up for half a second at most", async () => {
    const { backend, names } = startService([model("a:latest")]);
    await names();
    const answer = Promise.withResolvers<void>();
    backend.answer = answer.promise;
    backend.models = [model("b:latest")];
    await vi.advanceTimersByTimeAsync(5100);
    const startedAt = process.hrtime.bigint();
    expect(await names()).toEqual(["a:latest"]);
    const waitedMs = Number(process.hrtime.bigint() - startedAt) / 1e6;
    expect(waitedMs).toBeGreaterThan(400);
    expect(waitedMs).toBeLessThan(5000);
    expect(await names()).toEqual(["a:latest"]);
    expect(backend.asked).toBe(2);
    answer.resolve();
    await vi.waitFor(async () => expect(await names()).toEqual(["b:latest"]), 10_000);
  });
});

describe("a name", () => {
  const installed = [
    model("qwen3-coder:30b"),
    model("tiny:latest"),
    model("tiny:b"),
    model("two:a"),
    model("two:b"),
  ];

  it.each([
    ["qwen3-coder:30b", "qwen3-coder:30b"],
    ["qwen3-coder", "qwen3-coder:30b"],
    ["tiny", "tiny:latest"],
    ["tiny:b", "tiny:b"],
  ])("%s means %s", async (name, found) => {
    const { service } = startService(installed);
    expect(await service.find(name)).toMatchObject({ name: found });
    expect(await service.installed(name)).toMatchObject({ name: found });
  });

  it.each(["two", "tiny:c", "qwen3", "nope"])(
    "%s is not found, and the error tells what is",
    async (name) => {
      const { service } = startService(installed);
      await expect(service.find(name)).rejects.toMatchObject({
        type: "not_found_error",
        message: `model: ${name} (models served: qwen3-coder:30b, tiny:latest, tiny:b, two:a, two:b)`,
      });
    },
  );

  it("of a model that has just been installed is found at once", async () => {
    const { service, backend } = startService([]);
    await expect(service.find("new")).rejects.toMatchObject({ message: "model: new (models served: none)" });
    backend.models = [model("new:latest")];
    expect(await service.find("new")).toMatchObject({ name: "new:latest" });
  });

  it("of a model that is being pulled tells how far it is", async () => {
    const { service } = startService([]);
    service.notePull("big", 43);
    await expect(service.find("big")).rejects.toMatchObject({
      type: "overloaded_error",
      message: "The model big is being pulled: 43 %",
      retryAfterSeconds: 30,
    });
    service.notePull("big", undefined);
    expect(service.pullPercent("big")).toBe(0);
    await expect(service.find("big")).rejects.toMatchObject({ type: "not_found_error" });
  });

  it("of a model that is not described yet waits for it, and means no other", async () => {
    const { service, backend } = startService([model("m:8b"), model("a:latest")]);
    backend.undescribed.set("m:latest", () => Promise.resolve(model("m:latest")));
    expect(await service.find("m")).toMatchObject({ name: "m:latest", contextLength: 65_536 });
    expect(await service.installed("m")).toMatchObject({ name: "m:latest" });
    expect(await service.installed("m:8b")).toMatchObject({ name: "m:8b" });
    expect(await service.installed("m:7b")).toBeUndefined();
  });

  it("of a model that cannot be described says why", async () => {
    const { service, backend } = startService([model("m:8b")]);
    backend.undescribed.set("m:latest", () => Promise.reject(new ApiError("api_error", "broken")));
    await expect(service.find("m")).rejects.toMatchObject({ type: "api_error", message: "broken" });
  });

  it("that is unknown is not found though the backend is down", async () => {
    const { service, backend } = startService([model("a:latest")]);
    await service.list();
    backend.isDown = true;
    await expect(service.find("nope")).rejects.toMatchObject({ type: "not_found_error" });
  });
});

describe("the window", () => {
  it.each<[string, number, Partial<InferenceAdapterConfig>, number]>([
    ["is what is configured", 262_144, {}, 65_536],
    ["is what the model was trained for, where that is less", 8192, {}, 8192],
    ["is the rule's", 262_144, { MODEL_CONTEXT: "a=131072" }, 131_072],
    [
      "is what the model was trained for, where the rule says more",
      8192,
      { MODEL_CONTEXT: "a=131072" },
      8192,
    ],
    ["is not another model's rule", 262_144, { MODEL_CONTEXT: "b=1024", CONTEXT_LENGTH: 4096 }, 4096],
  ])("%s", async (_name, trainedContextLength, settings, contextLength) => {
    const { service } = startService([model("a:latest", { trainedContextLength })], settings);
    expect(await service.find("a")).toMatchObject({ contextLength });
  });

  it.each<[string, number, Partial<InferenceAdapterConfig>, number]>([
    ["is the server's own, where it has one", 131_072, { CONTEXT_LENGTH: 4096 }, 131_072],
    ["is the rule's, where that is less", 131_072, { MODEL_CONTEXT: "a=32768" }, 32_768],
    ["is the server's own, where the rule says more", 8192, { MODEL_CONTEXT: "a=32768" }, 8192],
  ])("%s", async (_name, fixedContextLength, settings, contextLength) => {
    const { service } = startService([model("a:latest", { fixedContextLength })], settings);
    expect(await service.find("a")).toMatchObject({ contextLength });
  });
});

describe("the fingerprint", () => {
  const fingerprint = async (
    fields: Partial<BackendModel> = {},
    settings: Partial<InferenceAdapterConfig> = {},
    translationVersion = 1,
  ) => {
    const { service, backend } = startService([model("a:latest", { digest: "d", ...fields })], settings);
    backend.translationVersion = translationVersion;
    return (await service.find("a")).fingerprint;
  };

  it("is the same for the same, whatever its name and date", async () => {
    const plain = await fingerprint();
    expect(plain).toMatch(/^[0-9a-f]{32}$/);
    expect(await fingerprint({ modifiedAt: "2027-01-01T00:00:00Z" })).toBe(plain);
  });

  it("changes with digest, window and translation", async () => {
    const all = [
      await fingerprint(),
      await fingerprint({ digest: "e" }),
      await fingerprint({}, { CONTEXT_LENGTH: 4096 }),
      await fingerprint({ trainedContextLength: 2048 }),
      await fingerprint({}, {}, 2),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});
