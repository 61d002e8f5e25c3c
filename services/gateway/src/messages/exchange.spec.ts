import { describe, expect, it } from "vitest";
import type { Message } from "#anthropic/messages.js";
import type { InferenceAnswer } from "../inference/inference-call.js";
import { Exchange } from "./exchange.js";
import type { Question } from "./question.js";

const message: Message = {
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 1, output_tokens: 2 },
};
const entry = (storedAt: number) => ({
  version: 1 as const,
  storedAt,
  servedModel: "tiny:latest",
  gpuSeconds: 3,
  message,
});
const answer = (changed: Partial<InferenceAnswer>) =>
  ({ servedModel: "tiny:latest", maxTokens: undefined, isJoined: false, ...changed }) as InferenceAnswer;

const question = { key: "abc", model: { id: "tiny:latest" }, isStream: true } as Question;

describe("Exchange's headers", () => {
  it("name a model that no header takes in URL encoding", () => {
    const exchange = new Exchange();
    exchange.servedModel = "模型-β";
    expect(exchange.toHeaders()["x-served-model"]).toBe("%E6%A8%A1%E5%9E%8B-%CE%B2");
  });

  it("are none where nothing is known", () => expect(new Exchange().toHeaders()).toEqual({}));

  it("tell a hit, its age and who answered", () => {
    const exchange = new Exchange();
    exchange.noteQuestion(question);
    exchange.noteHit(entry(Date.now() - 61_500));
    expect(exchange.toHeaders()).toEqual({
      "x-cache": "hit",
      "x-cache-key": "abc",
      "x-served-model": "tiny:latest",
      age: "61",
    });
  });

  it("name the nearest question where that was asked for", () => {
    const exchange = new Exchange();
    exchange.nearest = { key: "def", equal_paths: 3, first_difference: "system[1].text" };
    expect(JSON.parse(exchange.toHeaders()["x-cache-debug"] ?? "")).toEqual(exchange.nearest);
  });

  it("take a field's name in any script", () => {
    const exchange = new Exchange();
    exchange.nearest = { key: "def", equal_paths: 3, first_difference: "größe\n日本😀" };
    const header = exchange.toHeaders()["x-cache-debug"] ?? "";
    expect(header).toMatch(/^[\x20-\x7e]+$/);
    expect(JSON.parse(header)).toEqual(exchange.nearest);
  });

  it("have no negative age when clocks differ", () => {
    const exchange = new Exchange();
    exchange.noteHit(entry(Date.now() + 5000));
    expect(exchange.toHeaders()["age"]).toBe("0");
  });

  it.each([
    ["miss", false, "miss"],
    ["refresh", false, "refresh"],
    ["miss", true, "coalesced"],
  ] as const)("tell a %s that joined another: %s → %s", (result, isJoined, told) => {
    const exchange = new Exchange();
    exchange.result = result;
    exchange.noteGeneration(answer({ isJoined, maxTokens: "4096" }));
    expect(exchange.toHeaders()).toEqual({
      "x-cache": told,
      "x-served-model": "tiny:latest",
      "x-max-tokens": "4096",
    });
  });

  it("tell how long each part took, as server-timing has it", async () => {
    const exchange = new Exchange();
    expect(await exchange.time("parse", () => 7)).toBe(7);
    await expect(exchange.time("cache", () => Promise.reject(new Error("down")))).rejects.toThrow("down");
    const timings = { queue_seconds: 2, load_seconds: 0, prefill_seconds: 0.25, decode_seconds: 1 };
    exchange.noteMessage(message, timings);
    expect(exchange.toHeaders()["server-timing"]).toMatch(
      /^parse;dur=[\d.]+, cache;dur=[\d.]+, queue;dur=2000\.0, prefill;dur=250\.0, decode;dur=1000\.0$/,
    );
  });
});
