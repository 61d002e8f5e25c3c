import { check, checkEqual, checkError } from "../client.mjs";

const refuses = (change, words) => async (client) => {
  checkError(await client.post(change(client.ask(), client)), 400, "invalid_request_error", words);
};

export const errors = {
  "refuses a body that is no JSON": refuses(() => '{"model": ', /JSON/i),
  "refuses a body that is not UTF-8, instead of asking something else": refuses(
    (body) =>
      Buffer.from(JSON.stringify({ ...body, messages: [{ role: "user", content: "für" }] }), "latin1"),
    /UTF-8/i,
  ),
  "refuses messages that are missing": refuses(
    ({ model, max_tokens }) => ({ model, max_tokens }),
    /messages/,
  ),
  "refuses an empty list of messages": refuses((body) => ({ ...body, messages: [] }), /messages/),
  "refuses an unknown role, naming its place": refuses(
    (body) => ({ ...body, messages: [{ role: "robot", content: "?" }] }),
    /messages\.0|messages\[0\]/,
  ),
  "refuses a wrong type, naming the field": refuses(
    (body) => ({ ...body, max_tokens: "many" }),
    /max_tokens/,
  ),
  "refuses max_tokens 0": refuses((body) => ({ ...body, max_tokens: 0 }), /max_tokens/),
  "refuses a temperature that is no number": refuses(
    (body) => ({ ...body, temperature: "hot" }),
    /temperature/,
  ),
  "refuses a tool without a name": refuses((body) => ({ ...body, tools: [{ input_schema: {} }] }), /tools/),
  "says 404 of an unknown model": async (client) => {
    checkError(
      await client.post(client.ask("", { model: "no-such-model" })),
      404,
      "not_found_error",
      /no-such-model/,
    );
  },
  "says 404 of an unknown route, in Anthropic's shape": async (client) => {
    checkError(await client.post({}, { path: "/v1/nothing" }), 404, "not_found_error");
  },
  "says 404 of message batches, in Anthropic's shape": async (client) => {
    checkError(await client.post({ requests: [] }, { path: "/v1/messages/batches" }), 404, "not_found_error");
  },
  "says 413 of a body over 32 MB": async (client) => {
    const content = "x".repeat(33 * 1024 * 1024);
    checkError(
      await client.post(client.ask("", { messages: [{ role: "user", content }] })),
      413,
      "request_too_large",
    );
  },
  "gives each answer a request-id, and errors the same inside": async (client) => {
    check((await client.post(client.ask())).headers.get("request-id"), "no request-id");
    const { headers, json } = await client.post({});
    checkEqual(json?.request_id, headers.get("request-id"), "request_id");
  },
  "marks a final error as final": async (client) => {
    const { headers } = await client.post({});
    checkEqual(headers.get("x-should-retry"), "false", "x-should-retry");
  },
  "refuses what its own words say, in the SDK's classes": async (client) => {
    const failure = await client.sdk.messages
      .create(client.ask("", { messages: [] }))
      .catch((error) => error);
    checkEqual(failure.constructor.name, "BadRequestError", "class");
  },
};
