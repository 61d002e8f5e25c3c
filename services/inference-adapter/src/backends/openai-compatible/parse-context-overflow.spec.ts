import { describe, expect, it } from "vitest";
import { readBody } from "./__fixtures__/read-answer.js";
import { mapOpenAiError, parseServerError } from "./map-openai-error.js";
import { parseContextOverflow } from "./parse-context-overflow.js";

const parse = (body: unknown) => {
  const { error, message } = parseServerError(400, body);
  return parseContextOverflow(error, message);
};

describe("a refusal because of the window", () => {
  it.each<[string, unknown, object]>([
    ["llama.cpp", readBody("llama-cpp-error-overflow"), { promptTokens: 18_003, contextLength: 4096 }],
    [
      "older llama.cpp",
      { error: { message: "the request exceeds the available context size, try increasing it" } },
      {},
    ],
    [
      "vLLM 0.9",
      {
        object: "error",
        message:
          "This model's maximum context length is 16384 tokens. However, you requested 122946 tokens (112946 in the messages, 10000 in the completion). Please reduce the length of the messages or completion.",
        type: "BadRequestError",
        code: 400,
      },
      { promptTokens: 112_946, contextLength: 16_384 },
    ],
    [
      "vLLM 0.11",
      {
        error: {
          message:
            "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens. Please reduce the length of the input messages.",
        },
      },
      { promptTokens: 5000, contextLength: 4096 },
    ],
    [
      "newer vLLM",
      {
        error: {
          message:
            "This model's maximum context length is 65536 tokens. However, you requested 32000 output tokens and your prompt contains at least 33537 input tokens, for a total of at least 65537 tokens. Please reduce the length of the input prompt or the number of requested output tokens.",
        },
      },
      { promptTokens: 33_537, contextLength: 65_536, isAtLeast: true },
    ],
    [
      "vLLM 0.32, the prompt alone",
      readBody("vllm-0.32-error-overflow"),
      { promptTokens: 2049, contextLength: 2048, isAtLeast: true },
    ],
    [
      "vLLM's engine",
      {
        error: {
          message:
            "The decoder prompt (length 9000) is longer than the maximum model length of 8192. Make sure that `max_model_len` is no smaller than the number of text tokens.",
        },
      },
      { promptTokens: 9000, contextLength: 8192 },
    ],
    [
      "SGLang, the prompt alone",
      {
        object: "error",
        message: "The input (9001 tokens) is longer than the model's context length (8192 tokens).",
      },
      { promptTokens: 9001, contextLength: 8192 },
    ],
    [
      "SGLang, prompt and answer",
      {
        object: "error",
        message:
          "Requested token count exceeds the model's maximum context length of 1000 tokens. You requested a total of 1206 tokens: 6 tokens from the input messages and 1200 tokens for the completion. Please reduce the number of tokens in the input messages or the completion to fit within the limit.",
      },
      { promptTokens: 6, contextLength: 1000 },
    ],
    [
      "SGLang's scheduler",
      { error: { message: "Input length (9000 tokens) exceeds the maximum allowed length (8186 tokens)." } },
      { promptTokens: 9000, contextLength: 8186 },
    ],
    [
      "LM Studio",
      {
        error:
          "Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded with context length of only 32768 tokens, which is not enough. Try to load the model with a larger context length, or provide a shorter input",
      },
      { promptTokens: 111_490, contextLength: 32_768 },
    ],
    ["LM Studio's MLX engine", { error: { message: "Context size has been exceeded." } }, {}],
    [
      "OpenAI",
      {
        error: {
          message:
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 150000 tokens. Please reduce the length of the messages.",
          code: "context_length_exceeded",
        },
      },
      { promptTokens: 150_000, contextLength: 128_000 },
    ],
    [
      "vLLM with a limit of its renderer",
      {
        error: {
          message:
            "You passed 31745 input tokens and requested 1024 output tokens. However, the model's context length is only 32768 tokens, resulting in a maximum input length of 31744 tokens.",
        },
      },
      { promptTokens: 31_745, isAtLeast: true, contextLength: 32_768 },
    ],
    ["anybody with OpenAI's code", { error: { message: "too much", code: "context_length_exceeded" } }, {}],
  ])("of %s", (_name, body, overflow) => {
    expect(parse(body)).toEqual(overflow);
  });

  it.each([
    [{ error: { message: "no such model" } }],
    [{ error: { message: "max_tokens must be at least 1, got -1." } }],
    ["<html>"],
    [null],
    [{}],
  ])("is not %j", (body) => {
    expect(parse(body)).toBeUndefined();
  });

  it("is read in no time where a server repeats a client's digits", () => {
    const startedAt = performance.now();
    expect(parse({ error: { message: `maximum context length ${"0".repeat(64_000)}` } })).toEqual({});
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });
});

describe("an error answer", () => {
  it.each<[number, unknown, string, string]>([
    [
      404,
      { error: { message: "The model `x` does not exist." } },
      "not_found_error",
      "The model server: The model `x` does not exist.",
    ],
    [400, { object: "error", message: "bad", code: 400 }, "invalid_request_error", "The model server: bad"],
    [
      422,
      { detail: [{ loc: ["body"], msg: "field required" }] },
      "invalid_request_error",
      'The model server: [{"loc":["body"],"msg":"field required"}]',
    ],
    [400, { detail: "no" }, "invalid_request_error", "The model server: no"],
    [500, { error: "out of memory" }, "api_error", "The model server: out of memory"],
    [
      500,
      readBody("llama-cpp-error-image"),
      "invalid_request_error",
      "Could not process image: The model server: image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
    ],
    [
      400,
      { object: "error", message: "facebook/opt-125m is not a multimodal model None", code: 400 },
      "invalid_request_error",
      "Could not process image: The model server: facebook/opt-125m is not a multimodal model None",
    ],
    [
      503,
      { error: { code: 503, message: "Loading model", type: "unavailable_error" } },
      "overloaded_error",
      "The model server: Loading model",
    ],
    [429, "", "overloaded_error", "The model server: status 429"],
    [413, "<html>", "request_too_large", "The model server: status 413 with a web page"],
    [502, "<html>", "api_error", "The model server: status 502 with a web page"],
    [500, null, "api_error", "The model server: status 500"],
  ])("%d %j is a %s", (status, body, type, message) => {
    expect(mapOpenAiError(parseServerError(status, body))).toMatchObject({ type, message });
  });

  it.each([401, 403])("%d says which variable to look at, and is not tried again", (status) => {
    expect(
      mapOpenAiError(parseServerError(status, { error: { message: "sk-secret is wrong" } })),
    ).toMatchObject({
      type: "api_error",
      message: `The model server refused our key (${status}): see OPENAI_API_KEY`,
      shouldRetry: false,
    });
  });

  it("inside a stream has the status that it names", () => {
    expect(parseServerError(undefined, { error: { message: "a", code: 400 } }).status).toBe(400);
    expect(parseServerError(undefined, { error: { message: "a" } }).status).toBe(500);
    expect(parseServerError(undefined, { error: { message: "a", code: "oops" } }).status).toBe(500);
  });
});
