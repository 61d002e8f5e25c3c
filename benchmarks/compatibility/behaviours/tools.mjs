import { callsOf, check, checkEqual, checkError, textOf, weather } from "../client.mjs";

const bash = { name: "Bash", input_schema: { type: "object", properties: { command: { type: "string" } } } };
/** Two that a small model cannot lose itself in when it is held to their schemas. */
const choices = ["colour", "size"].map((name) => ({
  name: `choose_${name}`,
  description: `Chooses a ${name}.`,
  input_schema: {
    type: "object",
    properties: { value: { type: "string", enum: ["one", "two"] } },
    required: ["value"],
    additionalProperties: false,
  },
}));
const inputOf = (events) =>
  JSON.parse(
    events
      .filter(({ delta }) => delta?.type === "input_json_delta")
      .map(({ delta }) => delta.partial_json)
      .join(""),
  );

export const tools = {
  "gives a tool call": async (client) => {
    const message = await client.sdk.messages.create(client.ask("@@weather", { tools: [weather] }));
    checkEqual(message.stop_reason, "tool_use", "stop_reason");
    checkEqual(
      callsOf(message).map(({ name, input }) => [name, input]),
      [["get_weather", { city: "Paris", days: 3, metric: true }]],
      "calls",
    );
  },
  "gives tool calls ids as Anthropic's": async (client) => {
    const [call] = callsOf(await client.sdk.messages.create(client.ask("@@weather", { tools: [weather] })));
    check(call.id.startsWith("toolu_"), call.id);
  },
  "streams a call's input as input_json_delta": async (client) => {
    const { events } = await client.stream(client.ask("@@weather", { tools: [weather] }));
    const start = events.find(({ content_block: block }) => block?.type === "tool_use");
    checkEqual(start.content_block.input, {}, "input at the start");
    checkEqual(inputOf(events), { city: "Paris", days: 3, metric: true }, "input");
  },
  "gives two calls of one turn": async (client) => {
    const message = await client.sdk.messages.create(client.ask("@@two", { tools: [weather] }));
    checkEqual(
      callsOf(message).map(({ input }) => input.city),
      ["Oslo", "Rome"],
      "cities",
    );
    check(new Set(callsOf(message).map(({ id }) => id)).size === 2, "one id twice");
  },
  "keeps the text before a call": async (client) => {
    const message = await client.sdk.messages.create(client.ask("@@bash", { tools: [bash] }));
    checkEqual(textOf(message), "Let me look.", "text");
    checkEqual(callsOf(message).length, 1, "calls");
  },
  "takes a tool's result and goes on": async (client) => {
    const { messages: own, ...body } = client.ask("@@weather", { tools: [weather] });
    const use = { type: "tool_use", id: "toolu_1", name: "get_weather", input: { city: "Paris" } };
    const message = await client.sdk.messages.create({
      ...body,
      messages: [
        ...own,
        { role: "assistant", content: [use] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content: "sunny" }] },
      ],
    });
    check(textOf(message).startsWith("Done."), textOf(message));
  },
  "takes a failed tool's result, as blocks": async (client) => {
    const { messages: own, ...body } = client.ask("@@weather", { tools: [weather] });
    const use = { type: "tool_use", id: "toolu_1", name: "get_weather", input: {} };
    const content = [{ type: "text", text: "no such city" }];
    const answer = await client.post({
      ...body,
      messages: [
        ...own,
        { role: "assistant", content: [use] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", is_error: true, content }] },
      ],
    });
    checkEqual(answer.status, 200, "status");
  },
  "shows the model a call that comes in a second message of the assistant's": async (client) => {
    const tokensWith = async (more) => {
      const { messages: own, ...body } = client.ask("@@weather", { tools: [weather] });
      const answer = await client.post({
        ...body,
        messages: [
          ...own,
          { role: "assistant", content: [{ type: "text", text: "Let me look." }] },
          ...more,
          { role: "user", content: "Go on." },
        ],
      });
      return answer.json?.usage?.input_tokens;
    };
    const use = {
      type: "tool_use",
      id: "toolu_1",
      name: "get_weather",
      input: { city: "Paris ".repeat(50) },
    };
    const result = { type: "tool_result", tool_use_id: "toolu_1", content: "sunny" };
    const plain = await tokensWith([]);
    const called = await tokensWith([
      { role: "assistant", content: [use] },
      { role: "user", content: [result] },
    ]);
    check(called - plain > 50, `${plain} tokens, with the call ${called}`);
  },
  "tool_choice none calls nothing": async (client) => {
    const body = client.ask("@@weather", { tools: [weather], tool_choice: { type: "none" } });
    const message = await client.sdk.messages.create(body);
    checkEqual(callsOf(message).length, 0, "calls");
  },
  "tool_choice tool calls that tool": async (client) => {
    const tool_choice = { type: "tool", name: "choose_size" };
    const message = await client.sdk.messages.create(client.ask("Hello", { tools: choices, tool_choice }));
    checkEqual(
      callsOf(message).map(({ name }) => name),
      ["choose_size"],
      "calls",
    );
    checkEqual(message.stop_reason, "tool_use", "stop_reason");
    check(["one", "two"].includes(callsOf(message)[0].input.value), "a value of the schema");
  },
  "tool_choice any calls some tool": async (client) => {
    const body = client.ask("Hello", { tools: choices, tool_choice: { type: "any" } });
    check(callsOf(await client.sdk.messages.create(body)).length > 0, "no call");
  },
  "disable_parallel_tool_use gives one call": async (client) => {
    const tool_choice = { type: "auto", disable_parallel_tool_use: true };
    const message = await client.sdk.messages.create(client.ask("@@two", { tools: [weather], tool_choice }));
    checkEqual(callsOf(message).length, 1, "calls");
  },
  "refuses tool_choice of an unknown tool": async (client) => {
    const body = client.ask("", { tools: [weather], tool_choice: { type: "tool", name: "nothing" } });
    checkError(await client.post(body), 400, "invalid_request_error");
  },
  "tells a call to an unknown tool from an empty success": async (client) => {
    const answer = await client.post(client.ask("@@unknown", { tools: [weather] }));
    const isEmpty = answer.status === 200 && callsOf(answer.json).length === 0 && textOf(answer.json) === "";
    check(!isEmpty, "200 with nothing in it");
  },
  "tells a broken call from an empty success": async (client) => {
    const answer = await client.post(client.ask("@@badjson", { tools: [weather] }));
    const isEmpty = answer.status === 200 && callsOf(answer.json).length === 0 && textOf(answer.json) === "";
    check(!isEmpty, "200 with nothing in it");
  },
  "refuses a web search and nothing else, instead of results that the model makes up": async (client) => {
    const search = { type: "web_search_20250305", name: "web_search", max_uses: 3 };
    checkError(await client.post(client.ask("", { tools: [search] })), 400, "invalid_request_error");
  },
  "takes tool types it does not have": async (client) => {
    const search = { type: "web_search_20250305", name: "web_search", max_uses: 3 };
    checkEqual((await client.post(client.ask("", { tools: [weather, search] }))).status, 200, "status");
  },
  "takes Claude Code's tool search": async (client) => {
    const { messages: own, ...body } = client.ask("@@weather", {
      tools: [{ ...weather, defer_loading: true }],
    });
    const use = { type: "tool_use", id: "toolu_1", name: "ToolSearch", input: { query: "weather" } };
    const content = [{ type: "tool_reference", tool_name: "get_weather" }];
    const { status, text } = await client.post({
      ...body,
      messages: [
        ...own,
        { role: "assistant", content: [use] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "toolu_1", content }] },
      ],
    });
    check(status === 200, `status ${status}: ${text.slice(0, 200)}`);
  },
  "offers a tool that clients run and Anthropic's models know": async (client) => {
    const tokensWith = async (more) =>
      (await client.post(client.ask("", { tools: [weather, ...more] }))).json?.usage?.input_tokens;
    const plain = await tokensWith([]);
    const offered = await tokensWith([{ type: "bash_20250124", name: "bash" }]);
    check(offered - plain > 20, `${plain} tokens, with bash ${offered}`);
  },
};
