import { check, checkEqual, textOf } from "../client.mjs";

const hello = { text: "one two three four five six " };

/** What an Ollama does that can go wrong → how it looks to the client. Needs the scripted Ollama. */
export const faults = {
  "ends a stream with an error when the model's end is missing": (client) =>
    mustEndInError(client, [hello, { cut: "end" }]),
  "ends a stream with an error when the connection breaks": (client) =>
    mustEndInError(client, [hello, { cut: "reset" }]),
  "ends a stream with an error when Ollama tells one": (client) =>
    mustEndInError(client, [hello, { raw: '{"error":"unexpected EOF"}\n' }]),
  "ends a stream with an error at a line that is no JSON": (client) =>
    mustEndInError(client, [hello, { raw: "<html>bad gateway</html>\n" }]),
  "gives a unary answer that broke off an error status": async (client) => {
    await client.target.script([hello, { cut: "end" }]);
    const { status, json } = await client.post(client.ask());
    check(status >= 500 && json?.type === "error", `status ${status}`);
  },
  "gives Ollama's 500 a status and an error of Anthropic's": async (client) => {
    await client.target.script([{ status: 500, body: { error: "llama runner process has terminated" } }]);
    const { status, json } = await client.post(client.ask());
    check(status >= 500 && json?.type === "error", `status ${status}`);
  },
  "does not keep an answer that broke off": async (client) => {
    const body = client.ask();
    await client.target.script([hello, { cut: "end" }]);
    await client.stream(body).catch(() => undefined);
    await client.target.script([{ text: "whole" }]);
    const { status, json } = await client.post(body);
    checkEqual([status, textOf(json)], [200, "whole"], "the second answer");
  },
  "makes a call of a call that leaked as text": async (client) => {
    const text =
      "<tool_call>\n<function=get_weather>\n<parameter=city>\nParis\n</parameter>\n<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>";
    await client.target.script([{ text }]);
    const input_schema = {
      type: "object",
      properties: { city: { type: "string" }, days: { type: "integer" } },
    };
    const message = await client.sdk.messages.create(
      client.ask("", { tools: [{ name: "get_weather", input_schema }] }),
    );
    const call = message.content.find(({ type }) => type === "tool_use");
    checkEqual(call?.input, { city: "Paris", days: 3 }, "input");
  },
  "leaves a call in a code fence as text": async (client) => {
    const text =
      'Write:\n```\n<tool_call>\n{"name": "get_weather", "arguments": {"city": "Oslo"}}\n</tool_call>\n```\n';
    await client.target.script([{ text }]);
    const tools = [{ name: "get_weather", input_schema: { type: "object" } }];
    const message = await client.sdk.messages.create(client.ask("", { tools }));
    checkEqual(
      message.content.map(({ type }) => type),
      ["text"],
      "blocks",
    );
  },
  "gives a sign of life before a slow model's first token": async (client) => {
    await client.target.script([{ headersDelayMs: 12_000 }, hello]);
    const startedAt = performance.now();
    const answer = await fetch(`${client.target.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": client.target.key },
      body: JSON.stringify({ ...client.ask(), stream: true }),
    });
    const reader = answer.body.getReader();
    await reader.read();
    const seconds = (performance.now() - startedAt) / 1000;
    await reader.cancel();
    check(seconds < 8, `the first byte after ${seconds.toFixed(1)} s`);
  },
  "says that the backend is away": async (client) => {
    await client.target.hang(true);
    try {
      const { status, json } = await client
        .post(client.ask(), { signal: AbortSignal.timeout(58_000) })
        .catch(() => ({}));
      check(status >= 500 && json?.type === "error", `status ${status}`);
    } finally {
      await client.target.hang(false);
    }
  },
  "answers again by itself when the backend is back": async (client) => {
    await client.target.script([{ text: "back" }]);
    const { status } = await client.post(client.ask());
    checkEqual(status, 200, "status");
  },
};

async function mustEndInError(client, script) {
  await client.target.script(script);
  const { events } = await client.stream(client.ask());
  const types = events.map((event) => event?.type);
  check(types.includes("error"), `the stream ends with ${types.at(-1)}`);
  check(!types.includes("message_stop"), "message_stop beside the error");
}
