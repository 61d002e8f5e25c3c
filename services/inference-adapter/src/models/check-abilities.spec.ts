import { describe, expect, it } from "vitest";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock } from "#anthropic/messages.js";
import type { Capability, ServedModel } from "../backends/inference-backend.js";
import { checkAbilities } from "./check-abilities.js";

const modelThatCan = (...capabilities: Capability[]) =>
  ({ name: "tiny", capabilities: new Set(capabilities) }) as unknown as ServedModel;
const asking = (content: ContentBlock[], fields: Partial<CanonicalRequest> = {}): CanonicalRequest => ({
  model: "tiny",
  messages: [{ role: "user", content }],
  ...fields,
});

const image: ContentBlock = { type: "image", source: { type: "base64", media_type: "image/png", data: "" } };
const tools = [{ name: "f", input_schema: {} }];
const refusal = (what: string) => ({
  type: "invalid_request_error",
  message:
    what === "images"
      ? "Could not process image: the model tiny does not support images"
      : `The model tiny does not support ${what}`,
});

describe("a model that can do nothing special", () => {
  it.each<[string, CanonicalRequest, string]>([
    ["tools", asking([], { tools }), "tools"],
    ["an image", asking([image]), "images"],
    [
      "an image in a tool result",
      asking([{ type: "tool_result", tool_use_id: "a", content: [image] }]),
      "images",
    ],
    ["an image in a search result", asking([{ type: "search_result", content: [image] }]), "images"],
    [
      "an image in a search result of a tool",
      asking([
        { type: "tool_result", tool_use_id: "a", content: [{ type: "search_result", content: [image] }] },
      ]),
      "images",
    ],
    [
      "an image in a document",
      asking([{ type: "document", source: { type: "content", content: [image] } }]),
      "images",
    ],
  ])("refuses %s", (_name, request, what) => {
    expect(() => checkAbilities(request, modelThatCan("thinking"))).toThrow(
      expect.objectContaining(refusal(what)),
    );
    checkAbilities(request, modelThatCan("tools", "vision"));
  });

  it.each<[string, CanonicalRequest]>([
    ["text", asking([{ type: "text", text: "hi" }])],
    ["an empty list of tools", asking([], { tools: [] })],
    ["tools that may not be called", asking([], { tools, tool_choice: { type: "none" } })],
    ["thinking, which is left out", asking([], { thinking: { type: "adaptive" } })],
    [
      "results and documents of text",
      asking([
        { type: "tool_result", tool_use_id: "a", content: [{ type: "text", text: "image" }] },
        { type: "document", source: { type: "content", content: "image" } },
        { type: "document", source: { type: "text", media_type: "text/plain", data: "image" } },
      ]),
    ],
  ])("takes %s", (_name, request) => {
    expect(() => checkAbilities(request, modelThatCan())).not.toThrow();
  });
});

describe("a tool that would run on Anthropic's servers", () => {
  const search = { type: "web_search_20250305", name: "web_search" };
  it.each<[string, Partial<CanonicalRequest>]>([
    ["by its name", { tools: [search, ...tools], tool_choice: { type: "tool", name: "web_search" } }],
    ["as the only one there", { tools: [search], tool_choice: { type: "any" } }],
  ])("cannot be forced: %s", (_case, fields) => {
    expect(() => checkAbilities(asking([], fields), modelThatCan("tools"))).toThrow("Anthropic's servers");
  });

  it.each<[string, Partial<CanonicalRequest>, boolean]>([
    ["alone", { tools: [search] }, true],
    ["beside others", { tools: [search, ...tools] }, false],
    ["and must not be used", { tools: [search], tool_choice: { type: "none" } }, false],
    ["of another kind", { tools: [{ type: "code_execution_20250522", name: "code_execution" }] }, false],
  ])("a search %s", (_case, fields, isRefused) => {
    const check = expect(() => checkAbilities(asking([], fields), modelThatCan("tools")));
    if (isRefused) check.toThrow("there is no web search here");
    else check.not.toThrow();
  });

  it("may be offered", () => {
    expect(() =>
      checkAbilities(
        asking([], { tools: [search, ...tools], tool_choice: { type: "any" } }),
        modelThatCan("tools"),
      ),
    ).not.toThrow();
  });
});

describe("a tool's input", () => {
  const offering = (input_schema: Record<string, unknown>, fields: Partial<CanonicalRequest> = {}) =>
    asking([], { tools: [...tools, { name: "g", input_schema }], ...fields });

  it.each([["string"], ["number"], ["array"], ["null"], [["string", "null"]]])("cannot be %j", (type) => {
    expect(() => checkAbilities(offering({ type }), modelThatCan("tools"))).toThrow(
      expect.objectContaining({
        type: "invalid_request_error",
        message: 'tools.1.input_schema: the input of g has to be of type "object"',
      }),
    );
  });

  it.each<[string, CanonicalRequest]>([
    ["an object", offering({ type: "object" })],
    ["an object or nothing", offering({ type: ["object", "null"] })],
    ["what no type says", offering({ properties: {} })],
    ["what is no type", offering({ type: 5 })],
    ["anything where no tool may be called", offering({ type: "string" }, { tool_choice: { type: "none" } })],
  ])("may be %s", (_case, request) => {
    expect(() => checkAbilities(request, modelThatCan("tools"))).not.toThrow();
  });
});
