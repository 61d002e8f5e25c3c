import Anthropic from "@anthropic-ai/sdk";
import { describe, expect, it } from "vitest";
import { cutBytes } from "./__fixtures__/cut-bytes.js";
import { readTranscript } from "./__fixtures__/read-fixture.js";
import { foldMessage } from "./fold-message.js";
import { messageToEvents } from "./message-to-events.js";
import { decodeEvents, encodeEvent } from "./sse.js";

// The official SDK is the oracle: what it makes of a stream, our fold must make of it too.

const fold = (stream: string) => foldMessage(decodeEvents(cutBytes(stream, 100)));

/** What the official client makes of the stream, as plain JSON and without what it adds of its own. */
async function readWithSdk(stream: string): Promise<unknown> {
  const client = new Anthropic({
    apiKey: "dummy",
    maxRetries: 0,
    fetch: async () => new Response(stream, { headers: { "content-type": "text/event-stream" } }),
  });
  const answer = client.messages.stream({
    model: "m",
    max_tokens: 100,
    messages: [{ role: "user", content: "hi" }],
  });
  const { parsed_output: _added, ...message } = await answer.finalMessage();
  return JSON.parse(JSON.stringify(message));
}

describe("the official SDK", () => {
  it.each([
    "text",
    "thinking-then-tool-use",
    "two-tool-uses",
    "tool-input-in-pieces",
    "tool-without-input",
    "max-tokens",
    "stop-sequence",
    "ping-in-between",
    "empty-content",
    "usage-corrected-at-the-end",
  ])("reads %s as our fold does, and its replay too", async (name) => {
    const ours = await fold(readTranscript(name));
    expect(await readWithSdk(readTranscript(name))).toEqual(ours);
    expect(await readWithSdk([...messageToEvents(ours)].map(encodeEvent).join(""))).toEqual(ours);
  });

  it.each(["error-mid-stream", "cut"])("refuses %s as our fold does", async (name) => {
    await expect(readWithSdk(readTranscript(name))).rejects.toThrow();
    await expect(fold(readTranscript(name))).rejects.toThrow();
  });
});
