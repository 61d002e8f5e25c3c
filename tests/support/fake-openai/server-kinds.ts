// In what the servers differ: lists of models, counting, refusals. Texts are those of their sources.
import { renderPrompt } from "../fake-ollama/tiny-model.js";
import { type ChatBody, toWire } from "./to-wire.js";

export type FakeServerKind = "vllm" | "sglang" | "llama.cpp" | "lm-studio" | "other";

interface Settings {
  kind?: FakeServerKind;
  models?: string[];
  contextLength?: number;
}

const owners: Record<FakeServerKind, string> = {
  vllm: "vllm",
  sglang: "sglang",
  "llama.cpp": "llamacpp",
  "lm-studio": "organization_owner",
  other: "somebody",
};

/** The routes that tell of the models. */
export function describeModels({ kind = "vllm", models = ["tiny"], contextLength = 4096 }: Settings) {
  const created = Math.floor(Date.now() / 1000);
  const data = models.map((id) => ({
    id,
    object: "model",
    created,
    owned_by: owners[kind],
    ...(kind === "vllm" || kind === "sglang" ? { root: `org/${id}`, max_model_len: contextLength } : {}),
    ...(kind === "llama.cpp"
      ? { meta: { n_ctx: contextLength, n_ctx_train: 131_072, size: 4_238_336 } }
      : {}),
  }));
  const routes: Record<string, unknown> = { "/v1/models": { object: "list", data } };
  if (kind === "llama.cpp")
    routes["/props"] = {
      default_generation_settings: { n_ctx: contextLength },
      modalities: { vision: false },
      chat_template: "{{ messages }}",
    };
  if (kind === "lm-studio")
    routes["/api/v0/models"] = {
      data: models.map((id) => ({
        id,
        type: "llm",
        max_context_length: 131_072,
        loaded_context_length: contextLength,
      })),
    };
  return routes;
}

const countingRoutes: Partial<Record<FakeServerKind, string>> = {
  vllm: "/tokenize",
  "llama.cpp": "/v1/chat/completions/input_tokens",
};

/** The answer of the route that counts, where the server has it: a token is a word here. */
export function countPrompt(kind: FakeServerKind = "vllm", path: string, body: ChatBody): object | undefined {
  if (countingRoutes[kind] !== path) return undefined;
  const count = (renderPrompt(toWire(body)).match(/\w+|[^\w\s]/gu) ?? []).length;
  return kind === "vllm" ? { count, max_model_len: 4096, tokens: [] } : { input_tokens: count };
}

/** How a prompt that does not fit is refused; vLLM and SGLang want room for `max_tokens` too. */
export function contextRefusal({ kind = "vllm", contextLength = 4096 }: Settings, body: ChatBody) {
  const { count: prompt } = countPrompt("vllm", "/tokenize", body) as { count: number };
  const asked = body.max_tokens ?? 0;
  if (kind === "llama.cpp" || kind === "lm-studio") {
    if (prompt < contextLength) return undefined;
    return kind === "llama.cpp"
      ? {
          error: {
            code: 400,
            message: `request (${prompt} tokens) exceeds the available context size (${contextLength} tokens), try increasing it`,
            type: "exceed_context_size_error",
            n_prompt_tokens: prompt,
            n_ctx: contextLength,
          },
        }
      : {
          error: `Trying to keep the first ${prompt} tokens when context the overflows. However, the model is loaded with context length of only ${contextLength} tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input`,
        };
  }
  if (prompt + asked <= contextLength) return undefined;
  return kind === "sglang"
    ? {
        object: "error",
        message: `Requested token count exceeds the model's maximum context length of ${contextLength} tokens. You requested a total of ${prompt + asked} tokens: ${prompt} tokens from the input messages and ${asked} tokens for the completion. Please reduce the number of tokens in the input messages or the completion to fit within the limit.`,
        type: "BadRequestError",
        code: 400,
      }
    : {
        error: {
          // It tokenizes no further than it must.
          message: `This model's maximum context length is ${contextLength} tokens. However, you requested ${asked} output tokens and your prompt contains at least ${Math.max(contextLength - asked, 0) + 1} input tokens, for a total of at least ${Math.max(contextLength, asked) + 1} tokens. Please reduce the length of the input prompt or the number of requested output tokens.`,
          type: "BadRequestError",
          param: "input_tokens",
          code: 400,
        },
      };
}
