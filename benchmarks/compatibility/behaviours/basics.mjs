import { check, checkEqual, checkError, textOf } from "../client.mjs";

const hello = "Hello from tiny";

/** Each: what a client of the Messages API may expect → how it is seen. */
export const basics = {
  "answers POST /v1/messages, with a query": async (client) => {
    const { status, json } = await client.post(client.ask(), { path: "/v1/messages?beta=true" });
    checkEqual(status, 200, "status");
    check(textOf(json).startsWith(hello), `text: ${textOf(json)}`);
  },
  "gives a message of the whole shape": async (client) => {
    const message = await client.sdk.messages.create(client.ask());
    checkEqual(
      [message.type, message.role, message.stop_reason],
      ["message", "assistant", "end_turn"],
      "shape",
    );
    check(message.id.startsWith("msg_"), `id ${message.id}`);
    check(message.usage.input_tokens > 0 && message.usage.output_tokens > 0, JSON.stringify(message.usage));
  },
  "repeats the model's name as it was asked for": async (client) => {
    const message = await client.sdk.messages.create(client.ask());
    checkEqual(message.model, client.model, "model");
  },
  "accepts a request without max_tokens": async (client) => {
    const { max_tokens: _, ...body } = client.ask();
    checkEqual((await client.post(body)).status, 200, "status");
  },
  "accepts a request without anthropic-version": async (client) => {
    const answer = await fetch(`${client.target.url}/v1/messages`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": client.target.key },
      body: JSON.stringify(client.ask()),
    });
    checkEqual(answer.status, 200, "status");
  },
  "ignores unknown fields and betas": async (client) => {
    const body = client.ask("", { a_field_of_tomorrow: { deep: [1] }, context_management: { edits: [] } });
    const headers = { "anthropic-beta": "a-beta-of-tomorrow-2030-01-01" };
    checkEqual((await client.post(body, { headers })).status, 200, "status");
  },
  "takes system as text or blocks": async (client) => {
    for (const system of [
      "Be kind.",
      [{ type: "text", text: "Be kind.", cache_control: { type: "ephemeral" } }],
    ])
      checkEqual((await client.post(client.ask("", { system }))).status, 200, "status");
  },
  "takes role system inside messages": async (client) => {
    const { messages: own, ...body } = client.ask();
    const { status, text } = await client.post({
      ...body,
      messages: [...own, { role: "system", content: "You are in a terminal." }],
    });
    check(status === 200, `status ${status}: ${text.slice(0, 200)}`);
  },
  "takes empty text blocks": async (client) => {
    const content = [
      { type: "text", text: "" },
      { type: "text", text: "Say hello." },
    ];
    checkEqual(
      (await client.post(client.ask("", { messages: [{ role: "user", content }] }))).status,
      200,
      "status",
    );
  },
  "takes several user messages in a row": async (client) => {
    const { messages: own, ...body } = client.ask();
    checkEqual((await client.post({ ...body, messages: [...own, ...own] })).status, 200, "status");
  },
  "ends at max_tokens and says so": async (client) => {
    const message = await client.sdk.messages.create(client.ask("@@loop", { max_tokens: 9 }));
    checkEqual([message.stop_reason, message.usage.output_tokens], ["max_tokens", 9], "ending");
  },
  "ends at a stop sequence and says which": async (client) => {
    const message = await client.sdk.messages.create(
      client.ask("@@stop", { stop_sequences: ["NOT THERE", "STOPHERE"] }),
    );
    checkEqual([message.stop_reason, message.stop_sequence], ["stop_sequence", "STOPHERE"], "ending");
    checkEqual(textOf(message).trim(), "alpha beta", "text");
  },
  "keeps every character": async (client) => {
    const message = await client.sdk.messages.create(client.ask("@@utf8"));
    checkEqual(textOf(message), "Voilà: žluťoučký 日本語 🙂 fin.", "text");
  },
  "serves claude-… names of Claude Code's own requests": async (client) => {
    const { status, text } = await client.post(client.ask("", { model: "claude-haiku-4-5-20251001" }));
    check(status === 200, `status ${status}: ${text.slice(0, 200)}`);
  },
  "continues an assistant message": async (client) => {
    const { messages: own, ...body } = client.ask();
    const answer = await client.post({
      ...body,
      messages: [...own, { role: "assistant", content: "My answer is:" }],
    });
    checkEqual(answer.status, 200, "status");
    check(!textOf(answer.json).startsWith("My answer is:"), "the beginning is repeated");
  },
  "refuses an assistant message that ends in white space": async (client) => {
    const { messages: own, ...body } = client.ask();
    const prefilled = [...own, { role: "assistant", content: "My answer is: " }];
    checkError(
      await client.post({ ...body, messages: prefilled }),
      400,
      "invalid_request_error",
      /whitespace/,
    );
  },
  "refuses a call in a user's message": async (client) => {
    const { messages: _, ...body } = client.ask();
    const content = [{ type: "tool_use", id: "toolu_1", name: "f", input: {} }];
    checkError(
      await client.post({ ...body, messages: [{ role: "user", content }] }),
      400,
      "invalid_request_error",
      /tool_use/,
    );
  },
  "gives an empty answer as an empty list": async (client) => {
    const { status, json } = await client.post(client.ask("@@empty"));
    checkEqual([status, Array.isArray(json?.content)], [200, true], "answer");
  },
  "loses nothing of a message thread of the SDK": async (client) => {
    const thread = client.sdk.beta.messages.thread({ model: client.model, max_tokens: 20 });
    const turn = () => thread.send(client.ask("lorem ipsum dolor sit amet ".repeat(40)).messages[0]);
    const [first, second] = [await turn(), await turn()];
    check(
      second.usage.input_tokens > 1.5 * first.usage.input_tokens,
      `${first.usage.input_tokens} tokens, then ${second.usage.input_tokens}`,
    );
  },
  "reads a summary that stands for a conversation": async (client) => {
    const { messages: own, ...body } = client.ask();
    const summary = { type: "compaction", content: "lorem ipsum dolor sit amet ".repeat(40) };
    const tokensOf = async (messages) => (await client.post({ ...body, messages })).json?.usage?.input_tokens;
    const plain = await tokensOf(own);
    const whole = await tokensOf([{ role: "assistant", content: [summary] }, ...own]);
    check(whole - plain > 100, `${plain} tokens, with the summary ${whole}`);
  },
};
