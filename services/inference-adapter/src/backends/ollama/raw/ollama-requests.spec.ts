import { describe, expect, it } from "vitest";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock, MessagesRequest } from "#anthropic/messages.js";
import type { ServedModel } from "../../inference-backend.js";
import { type InferenceMode, OllamaRequests } from "./ollama-requests.js";

const model = {
  name: "m",
  digest: "d",
  contextLength: 4096,
  capabilities: new Set(),
} as unknown as ServedModel;
const tools = [{ name: "Read", input_schema: { type: "object" } }];
const ask = (fields: Partial<MessagesRequest> = {}) =>
  toCanonicalRequest({ model: "m", messages: [{ role: "user", content: "hi" }], tools, ...fields });
const image: ContentBlock = {
  type: "image",
  source: { type: "base64", media_type: "image/png", data: "eA==" },
};

describe("a request", () => {
  it.each<[string, InferenceMode, boolean | undefined, Partial<MessagesRequest>, boolean]>([
    ["with tools goes the raw way", "auto", true, {}, true],
    ["of a model that was not tried yet may", "auto", undefined, {}, true],
    ["of a model with another form of calls does not", "auto", false, {}, false],
    ["of such a model does where it is wanted", "raw", false, {}, true],
    ["in chat mode does not", "chat", true, {}, false],
    ["without tools does not", "raw", true, { tools: [] }, false],
    ["that may not call tools does not", "raw", true, { tool_choice: { type: "none" } }, false],
    ["with an image does not", "raw", true, { messages: [{ role: "user", content: [image] }] }, false],
    [
      "with a format does not",
      "raw",
      true,
      { output_config: { format: { type: "json_schema", schema: { type: "object" } } } },
      false,
    ],
  ])("%s", (_case, mode, isReadable, fields, isRaw) => {
    const requests = new OllamaRequests(mode, "-1");
    if (isReadable !== undefined) requests.noteReadable(model, isReadable);
    expect(requests.build(ask(fields), model).isRaw).toBe(isRaw);
  });
});

describe("an answer that comes back", () => {
  const written = 'Reading.\n\n\n<tool_call>\n{"name": "Read", "arguments": {"b": 1, "a": 2}}\n</tool_call>';
  const blocks = [{ text: "Reading." }, { name: "Read", input: { b: 1, a: 2 } }];
  const back = (content: ContentBlock[]) =>
    ask({
      messages: [
        { role: "user", content: "hi" },
        { role: "assistant", content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "t", content: "ok" }] },
      ],
    });
  const call: ContentBlock = { type: "tool_use", id: "t", name: "Read", input: { a: 2, b: 1 } };
  const sent = (content: ContentBlock[], digest = "d") => {
    const requests = new OllamaRequests("raw", "-1");
    requests.written.remember("d", blocks, written);
    return requests.build(back(content), { ...model, digest }).chat.messages[1];
  };

  it("as it was given is shown as it was written", () => {
    expect(sent([{ type: "text", text: "Reading." }, call])).toEqual({ role: "assistant", content: written });
  });

  it.each<[string, ContentBlock[], string]>([
    ["changed", [{ type: "text", text: "Reading!" }, call], "d"],
    [
      "with thinking",
      [{ type: "thinking", thinking: "x", signature: "" }, { type: "text", text: "Reading." }, call],
      "d",
    ],
    ["to another model", [{ type: "text", text: "Reading." }, call], "e"],
  ])("%s is left to the template", (_case, content, digest) => {
    expect(sent(content, digest)).toHaveProperty("tool_calls");
  });
});
