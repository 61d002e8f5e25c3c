import { check, checkEqual, textOf } from "../client.mjs";

const thinkingOf = ({ content }) =>
  content.flatMap((block) => (block.type === "thinking" ? [block.thinking] : [])).join("");
const asked = (client, changed) =>
  client.ask("", { model: client.target.thinkingModel, max_tokens: 2048, ...changed });

export const thinking = {
  "thinks where it is enabled, before the answer": async (client) => {
    const message = await client.sdk.messages.create(
      asked(client, { thinking: { type: "enabled", budget_tokens: 1024 } }),
    );
    checkEqual(
      message.content.map(({ type }) => type),
      ["thinking", "text"],
      "blocks",
    );
    check(thinkingOf(message).startsWith("I should consider"), thinkingOf(message));
  },
  "thinks where it is adaptive": async (client) => {
    const message = await client.sdk.messages.create(asked(client, { thinking: { type: "adaptive" } }));
    check(thinkingOf(message) !== "", "no thinking");
  },
  "does not think where it is disabled": async (client) => {
    const message = await client.sdk.messages.create(asked(client, { thinking: { type: "disabled" } }));
    checkEqual(thinkingOf(message), "", "thinking");
    check(textOf(message) !== "", "no text");
  },
  "does not think unless asked": async (client) => {
    checkEqual(thinkingOf(await client.sdk.messages.create(asked(client))), "", "thinking");
  },
  "answers a request to think by a model that cannot": async (client) => {
    const body = client.ask("", { thinking: { type: "adaptive" } });
    const { status, text } = await client.post(body);
    check(status === 200, `status ${status}: ${text.slice(0, 200)}`);
  },
  "streams thinking as thinking_delta": async (client) => {
    const { events } = await client.stream(
      asked(client, { thinking: { type: "enabled", budget_tokens: 1024 } }),
    );
    check(
      events.some(({ delta }) => delta?.type === "thinking_delta"),
      "no thinking_delta",
    );
  },
  "takes thinking back in the history": async (client) => {
    const { messages: own, ...body } = asked(client, { thinking: { type: "enabled", budget_tokens: 1024 } });
    const content = [
      { type: "thinking", thinking: "Hm.", signature: "c2lnbmF0dXJl" },
      { type: "text", text: "Yes." },
    ];
    const messages = [...own, { role: "assistant", content }, ...own];
    checkEqual((await client.post({ ...body, messages })).status, 200, "status");
  },
};
