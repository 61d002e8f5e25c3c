import { readFileSync } from "node:fs";
import { claudeCodeFixtures, readClaudeCodeBody } from "../../../../../libs/anthropic/src/__fixtures__/read-fixture.js";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock, MessagesRequest } from "#anthropic/messages.js";

const root = new URL("../../../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), "utf8");

/** Text as a coding session has it: prose, code, JSON. */
const realisticText = [
  read("libs/anthropic/src/canonical-request.ts"),
  read("services/inference-adapter/src/backends/ollama/ollama.backend.ts"),
  read(".oxlintrc.json"),
  read("libs/anthropic/src/parse-messages-request.spec.ts"),
  read("libs/anthropic/src/__fixtures__/thinking-then-tool-use.sse"),
].join("\n\n");

export interface SampleRequest {
  name: string;
  request: CanonicalRequest;
}

/** Claude Code's requests at the size that they really had: the recorded ones had their long texts cut. */
export const claudeCodeRequests = (): SampleRequest[] =>
  claudeCodeFixtures.map((name) => {
    const file = read(`libs/anthropic/src/__fixtures__/claude-code/${name}.json`);
    const { original_bytes } = JSON.parse(file) as { original_bytes: number };
    return { name, request: toCanonicalRequest(padded(readClaudeCodeBody(name), original_bytes)) };
  });

function padded(body: Record<string, unknown>, bytes: number): MessagesRequest {
  const request = structuredClone(body) as unknown as MessagesRequest;
  const missing = bytes - Buffer.byteLength(JSON.stringify(request));
  if (missing <= 0) return request;
  const tools = request.tools ?? [];
  const share = Math.floor(missing / (tools.length + 1));
  tools.forEach((tool, index) => (tool.description += `\n${textOf(share, index)}`));
  const system = typeof request.system === "string" ? [{ type: "text" as const, text: request.system }] : (request.system ?? []);
  return { ...request, system: [...system, { type: "text", text: textOf(missing - share * tools.length, tools.length) }] };
}

/** About so many bytes of JSON, from different places. */
function textOf(bytes: number, place: number): string {
  const start = (place * 977) % (realisticText.length - 1000);
  const text = realisticText.slice(start) + realisticText.repeat(Math.ceil(bytes / realisticText.length));
  return text.slice(0, Math.floor(bytes * 0.93));
}

const weather = {
  name: "get_weather",
  description: "The weather of a <city> & \"its\" surroundings",
  input_schema: { type: "object", properties: { city: { type: "string", description: "Name of the city" }, days: { type: "integer" } }, required: ["city"] },
};
const search = { name: "search", description: "Searches files", input_schema: { type: "object", properties: { pattern: { type: "string", enum: ["a", "b"] } } } };

const user = (...content: (string | ContentBlock)[]) => ({
  role: "user" as const,
  content: content.map((block): ContentBlock => (typeof block === "string" ? { type: "text", text: block } : block)),
});
const assistant = (...content: (string | ContentBlock)[]) => ({ ...user(...content), role: "assistant" as const });
const call = (id: string, name: string, input: Record<string, unknown>): ContentBlock => ({ type: "tool_use", id, name, input });
const result = (id: string, content: string, is_error = false): ContentBlock => ({ type: "tool_result", tool_use_id: id, content, is_error });
const thought = (thinking: string): ContentBlock => ({ type: "thinking", thinking, signature: "x" });

const samples: Record<string, Omit<MessagesRequest, "model">> = {
  "one word": { messages: [user("hi")] },
  "a system prompt": { system: "Be brief.", messages: [user("What is two and two?")] },
  "blocks of system": { system: [{ type: "text", text: "One." }, { type: "text", text: "Two.\n\nThree." }], messages: [user("Go on.", "And on.")] },
  "accents and other scripts": { messages: [user("Příliš žluťoučký kůň úpěl ďábelské ódy. 日本語のテキスト。Привет, мир! مرحبا بالعالم नमस्ते")] },
  "emoji with joiners": { messages: [user("🙂👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 e\u0301 \u200b\ufeff")] },
  "odd white space": { messages: [user("a\u00a0b\u3000c\u0085d\u000be\u2028f \r\n\r\n\t\tg  \n \n h")] },
  "runs of one character": { messages: [user(`${"-".repeat(77)}\n${"=".repeat(131)}\n${" ".repeat(53)}x\n${"a".repeat(99)}\n${"\n".repeat(17)}z`)] },
  "numbers and hex": { messages: [user("1234567890 12,345.67 0xDEADBEEF 1e-9 ½ ² ١٢٣ 2026-11-24T02:44:15.954Z")] },
  "contractions": { messages: [user("I'LL, we've, they're, it's, don't, he'd, 'tis, O'Neil's")] },
  "code": { messages: [user(realisticText.slice(4000, 12_000))] },
  "white space around": { messages: [user("\n\n  hello \n\n"), assistant("  \nhello back\n"), user("\tbye\n")] },
  "words that look like special tokens": { messages: [user("<|user|>x<|eos|> <|im_start|> <|bos|> <tool_call> </think")] },
  "a long conversation": { messages: Array.from({ length: 24 }, (_, turn) => (turn % 2 === 0 ? user(`Question ${turn}`) : assistant(realisticText.slice(turn * 100, turn * 130)))) },
  "the assistant begins": { messages: [user("Finish: the sky is"), assistant("The sky is")] },
  "tools": { tools: [weather, search], messages: [user("Weather in Oslo?")] },
  "no tool may be chosen": { tools: [weather], tool_choice: { type: "none" }, messages: [user("Weather in Oslo?")] },
  "a tool call and its result": { tools: [weather], messages: [user("Oslo?"), assistant("Let me look.", call("toolu_a", "get_weather", { city: "Oslo <&>", days: 3 })), user(result("toolu_a", "Rain, 7 °C"))] },
  "two calls, one failed": { tools: [weather, search], messages: [user("Both"), assistant(call("toolu_a", "get_weather", { city: "Rome" }), call("toolu_b", "search", { pattern: "a" })), user(result("toolu_a", "Sun"), result("toolu_b", "not found", true), "What now?")] },
  "a large tool result": { tools: [search], messages: [user("Read it"), assistant(call("toolu_a", "search", { pattern: "b" })), user(result("toolu_a", realisticText.slice(0, 9000)))] },
  "thinking of earlier turns": { thinking: { type: "enabled", budget_tokens: 2000 }, messages: [user("Think."), assistant(thought("First I should see what is asked."), "Done thinking."), user("Again.")] },
  "thinking before a call": { thinking: { type: "adaptive" }, tools: [weather], messages: [user("Think."), assistant(thought("A tool is needed."), call("toolu_a", "get_weather", { city: "Quito" })), user(result("toolu_a", "Fog"))] },
};

export const otherRequests = (): SampleRequest[] =>
  Object.entries(samples).map(([name, body]) => ({ name, request: toCanonicalRequest({ model: "m", ...body }) }));
