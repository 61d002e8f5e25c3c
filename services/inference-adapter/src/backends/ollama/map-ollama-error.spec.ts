import { describe, expect, it } from "vitest";
import { exchanges } from "./__fixtures__/read-exchange.js";
import { LostCallError } from "../lost-call.error.js";
import { isContextOverflow, mapChatError, mapOllamaError } from "./map-ollama-error.js";

const parse = (body: string): unknown => {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
};

const recorded = exchanges.filter(({ status }) => status !== 200);

describe("errors that a real Ollama answered with", () => {
  it.each([
    ["chat-think-level-stream", 400, 'Ollama: think value "high" is not supported for this model'],
    ["ctx-truncate-false", 400, "Ollama: the input length exceeds the context length"],
    ["err-404-path", 404, "Ollama: 404 page not found"],
    ["err-405", 500, "Ollama: 405 method not allowed"],
    ["err-bad-json", 400, "Ollama: invalid character 'i' in literal true (expecting 'r')"],
    [
      "err-content-array",
      400,
      "Ollama: json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string",
    ],
    ["err-empty-body", 400, "Ollama: missing request body"],
    ["err-image-bad-b64", 400, "Ollama: illegal base64 data at input byte 0"],
    ["err-keepalive", 400, 'Ollama: time: invalid duration "soon"'],
    ["err-model-badname", 400, "Ollama: model is required"],
    ["err-model-empty", 400, "Ollama: model is required"],
    ["err-model-not-found", 404, "Ollama: model 'nope:7b' not found"],
    ["err-option-type", 400, 'Ollama: option "temperature" must be of type float32'],
    ["err-show-not-found", 404, "Ollama: model 'nope' not found"],
    ["err-think-unsupported", 400, 'Ollama: "tiny" does not support thinking'],
    [
      "err-tools-unsupported",
      400,
      "Ollama: registry.ollama.ai/library/tiny-notools:latest does not support tools",
    ],
    ["queue-other-model-4", 529, "Ollama: server busy, please try again.  maximum pending requests exceeded"],
    ["tool-arguments-string", 400, "Ollama: Value looks like object, but can't find closing '}' symbol"],
  ])("%s becomes %d", (name, status, message) => {
    const exchange = recorded.find((other) => other.name === name);
    expect(exchange).toBeDefined();
    const error = mapOllamaError(exchange?.status ?? 0, parse(exchange?.answer ?? ""));
    expect({ status: error.status, message: error.message }).toEqual({ status, message });
  });

  it("the table above has them all", () => {
    expect(recorded).toHaveLength(18);
  });

  it("only the prompt that does not fit is an overflow", () => {
    const overflows = recorded.filter(({ status, answer }) => isContextOverflow(status, parse(answer)));
    expect(overflows.map(({ name }) => name)).toEqual(["ctx-truncate-false"]);
  });
});

describe("other errors", () => {
  it.each([
    ["the refusal of a foreign host name", 403, "", "api_error", /OLLAMA_ORIGINS/],
    ["403 with a text", 403, { error: "no" }, "api_error", /^Ollama: no$/],
    ["401 of a proxy before it", 401, "<html>", "api_error", /^Ollama: status 401 with a web page$/],
    ["an error line inside a stream", 500, { error: "unexpected EOF" }, "api_error", /unexpected EOF/],
    ["500 that says that it is busy", 500, { error: "Server busy" }, "overloaded_error", /busy/],
    ["a limit of Ollama's cloud", 429, { error: "too many requests" }, "overloaded_error", /too many/],
    ["a body that a proxy does not take", 413, "Too large", "request_too_large", /^Ollama: Too large$/],
    ["503 without a text", 503, "", "overloaded_error", /^Ollama: status 503$/],
    [
      "a schema that it cannot follow",
      500,
      { error: "invalid JSON schema in format" },
      "invalid_request_error",
      /format/,
    ],
    ["null", 500, null, "api_error", /^Ollama: status 500$/],
    ["an error that is no text", 400, { error: { message: "x" } }, "invalid_request_error", /status 400/],
  ])("%s", (_name, status, body, type, message) => {
    const error = mapOllamaError(status, body);
    expect(error.type).toBe(type);
    expect(error.message).toMatch(message);
  });
});

describe("errors of a chat, as a real Ollama's parser for qwen3-coder made them", () => {
  it.each([
    ["XML that does not close", 500, "XML syntax error on line 9: unexpected EOF", true],
    ["a wrong tag", 500, "expected element type <function> but have <parameter>", true],
    ["nothing in the call's tags", 500, "EOF", true],
    ["the runner's end", 500, "model runner has unexpectedly stopped", false],
    ["a body that was broken", 400, "invalid character 'i' in literal true (expecting 'r')", false],
  ])("%s", (_name, status, error, isLostCall) => {
    const mapped = mapChatError(status, { error });
    expect(mapped).toMatchObject({ message: `Ollama: ${error}` });
    expect(mapped instanceof LostCallError).toBe(isLostCall);
  });

  it("and a web page of a proxy is none", () => {
    expect(mapChatError(500, "<?xml version='1.0'?><html><title>Oops</title></html>")).not.toBeInstanceOf(
      LostCallError,
    );
  });
});
