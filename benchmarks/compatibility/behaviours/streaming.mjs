import { check, checkEqual, textOf } from "../client.mjs";

const typesOf = (events) => events.map(({ type }) => type).filter((type) => type !== "ping");

export const streaming = {
  "sends the events in Anthropic's order": async (client) => {
    const { events, headers } = await client.stream(client.ask());
    check(headers.get("content-type")?.startsWith("text/event-stream"), headers.get("content-type"));
    const [first, second, ...others] = typesOf(events);
    checkEqual([first, second], ["message_start", "content_block_start"], "begin");
    checkEqual(others.slice(-3), ["content_block_stop", "message_delta", "message_stop"], "end");
    check(
      others.slice(0, -3).every((type) => type === "content_block_delta"),
      "middle",
    );
  },
  "names each event in its event line": async (client) => {
    const { text } = await client.stream(client.ask());
    const names = [...text.matchAll(/^event: ?(.*)$/gm)].map(([, name]) => name);
    check(names.includes("message_start") && names.includes("message_stop"), names.join(" "));
  },
  "sends tokens as they come": async (client) => {
    const { events } = await client.stream(client.ask());
    const deltas = events.filter(({ type }) => type === "content_block_delta");
    check(deltas.length > 5, `${deltas.length} deltas`);
  },
  "tells the input's tokens in message_start": async (client) => {
    const { events } = await client.stream(client.ask());
    const { input_tokens: count } = events.find(({ type }) => type === "message_start").message.usage;
    check(count > 0, `input_tokens ${count}`);
  },
  "tells the same tokens at both ends": async (client) => {
    const { events } = await client.stream(client.ask());
    const start = events.find(({ type }) => type === "message_start").message.usage.input_tokens;
    const end = events.find(({ type }) => type === "message_delta").usage.input_tokens ?? start;
    check(start > 0 && start === end, `${start} and ${end}`);
  },
  "tells stop_reason and the output's tokens in message_delta": async (client) => {
    const { events } = await client.stream(client.ask());
    const { delta, usage } = events.find(({ type }) => type === "message_delta");
    checkEqual(delta.stop_reason, "end_turn", "stop_reason");
    check(usage.output_tokens > 5, JSON.stringify(usage));
  },
  "goes through the official SDK and folds to the unary answer": async (client) => {
    const streamed = await client.sdk.messages.stream(client.ask("@@utf8")).finalMessage();
    const unary = await client.sdk.messages.create(client.ask("@@utf8"));
    checkEqual(textOf(streamed), textOf(unary), "text");
    checkEqual(streamed.stop_reason, unary.stop_reason, "stop_reason");
  },
  "says which stop sequence ended a stream": async (client) => {
    const { events } = await client.stream(client.ask("@@stop", { stop_sequences: ["STOPHERE"] }));
    const { delta } = events.find(({ type }) => type === "message_delta");
    checkEqual([delta.stop_reason, delta.stop_sequence], ["stop_sequence", "STOPHERE"], "ending");
  },
  "gives a wrong request its own status, not a stream": async (client) => {
    const { status, headers } = await client.post({ ...client.ask(), stream: true, messages: [] });
    checkEqual([status, headers.get("content-type")?.split(";")[0]], [400, "application/json"], "answer");
  },
  "numbers content blocks without gaps, also thinking before a call": async (client) => {
    const body = client.ask("@@thinktool", {
      model: client.target.thinkingModel,
      thinking: { type: "enabled", budget_tokens: 1024 },
      max_tokens: 2048,
      tools: [{ name: "get_weather", input_schema: { type: "object" } }],
    });
    const { events } = await client.stream(body);
    const starts = events.filter(({ type }) => type === "content_block_start");
    checkEqual(
      starts.map(({ index }) => index),
      starts.map((_, at) => at),
      "indices",
    );
    checkEqual(
      starts.map(({ content_block: { type } }) => type),
      ["thinking", "tool_use"],
      "blocks",
    );
  },
};
