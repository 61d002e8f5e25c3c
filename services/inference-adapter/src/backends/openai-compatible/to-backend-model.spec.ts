import { describe, expect, it } from "vitest";
import { readBody } from "./__fixtures__/read-answer.js";
import { mapServerKind } from "./map-server-kind.js";
import type { ListedModel, ModelList, ServerProps } from "./openai-wire.js";
import { toBackendModel } from "./to-backend-model.js";

const [llama] = (readBody("llama-cpp-models") as ModelList).data as [ListedModel];
const [vllm] = (readBody("vllm-0.32-models") as ModelList).data as [ListedModel];
const props = readBody("llama-cpp-props") as ServerProps;

describe("a listed model", () => {
  it("of llama.cpp tells its window, what it was trained for, and that it sees nothing", () => {
    expect(mapServerKind(llama.owned_by)).toBe("llama.cpp");
    expect(toBackendModel(llama, { props })).toMatchObject({
      name: "tiny",
      fixedContextLength: 4096,
      trainedContextLength: 131_072,
      capabilities: new Set(["tools", "thinking"]),
    });
  });

  it("of llama.cpp's router tells no window: one of 0 is none", () => {
    const dummy = { default_generation_settings: { n_ctx: 0 } };
    const model = toBackendModel({ id: "m", owned_by: "llamacpp" }, { props: dummy });
    expect(model.trainedContextLength).toBe(Number.MAX_SAFE_INTEGER);
    expect(model).not.toHaveProperty("fixedContextLength");
  });

  it("of vLLM tells its window", () => {
    expect(mapServerKind(vllm.owned_by)).toBe("vllm");
    expect(toBackendModel(vllm, {})).toMatchObject({
      name: "tiny",
      fixedContextLength: 2048,
      trainedContextLength: 2048,
      capabilities: new Set(["tools", "thinking", "vision"]),
    });
  });

  it("of LM Studio has the window that it is loaded with, if it is", () => {
    const lmStudio = { id: "m", type: "llm", quantization: "Q4_K_M", max_context_length: 131_072 };
    const notLoaded = toBackendModel({ id: "m" }, { lmStudio });
    expect(notLoaded).toMatchObject({
      trainedContextLength: 131_072,
      capabilities: new Set(["tools", "thinking"]),
    });
    expect(notLoaded).not.toHaveProperty("fixedContextLength");
    expect(
      toBackendModel({ id: "m" }, { lmStudio: { ...lmStudio, type: "vlm", loaded_context_length: 8192 } }),
    ).toMatchObject({
      fixedContextLength: 8192,
      capabilities: new Set(["tools", "thinking", "vision"]),
    });
  });

  it("of anybody else tells nothing", () => {
    expect(toBackendModel({ id: "m" }, {})).toMatchObject({
      name: "m",
      trainedContextLength: Number.MAX_SAFE_INTEGER,
    });
  });
});

describe("the digest", () => {
  const digest = (changed: Partial<ListedModel> = {}, changedProps: Partial<ServerProps> = {}) =>
    toBackendModel({ ...llama, ...changed }, { props: { ...props, ...changedProps } }).digest;

  it("stays the same when the question is asked again, or the window is another", () => {
    expect(digest({ created: 1 } as Partial<ListedModel>)).toBe(digest());
    expect(digest({ meta: { ...llama.meta, n_ctx: 512 } })).toBe(digest());
  });

  it("changes with the weights, the template and the name", () => {
    const digests = [
      digest(),
      digest({ id: "other" }),
      digest({ root: "other" }),
      digest({ meta: { ...llama.meta, size: 1 } }),
      digest({}, { chat_template: "other" }),
      digest({}, { model_path: "/models/other.gguf" }),
    ];
    expect(new Set(digests).size).toBe(digests.length);
  });
});
