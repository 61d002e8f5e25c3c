import { expect, it } from "vitest";
import type { GenerationEvent } from "../backends/inference-backend.js";
import { CallLimit, mostCalls } from "./call-limit.js";

const call: GenerationEvent[] = [
  { type: "tool_use_start", name: "t" },
  { type: "tool_use_input", partialJson: "{}" },
];

it("lets as many calls pass as a model may write, and not one more", () => {
  const limit = new CallLimit();
  for (let count = 0; count < mostCalls; count++) for (const event of call) limit.check(event);
  expect(() => limit.check({ type: "text", text: "a" })).not.toThrow();
  expect(() => limit.check({ type: "tool_use_start", name: "t" })).toThrow(
    expect.objectContaining({
      type: "api_error",
      message: "The answer has more than 10000 tool calls",
      shouldRetry: false,
    }),
  );
});
