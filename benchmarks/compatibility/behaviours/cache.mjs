import { randomUUID } from "node:crypto";
import { check, checkEqual } from "../client.mjs";

export const cache = {
  "answers an identical request without a second generation": async (client) => {
    const body = client.ask();
    checkEqual(await client.generations(() => askTwice(client, body, body)), 1, "generations");
  },
  "answers it as a stream too": async (client) => {
    const body = client.ask();
    const count = await client.generations(async () => {
      await client.post(body);
      await stored();
      await client.stream(body);
    });
    checkEqual(count, 1, "generations");
  },
  "replays whole streams": async (client) => {
    const body = client.ask();
    await client.stream(body);
    await stored();
    const { events } = await client.stream(body);
    checkEqual([events[0]?.type, events.at(-1)?.type], ["message_start", "message_stop"], "events");
  },
  "finds an answer whatever the session's metadata": async (client) => {
    const body = client.ask();
    const as = (session) => ({ ...body, metadata: { user_id: JSON.stringify({ session_id: session }) } });
    checkEqual(await client.generations(() => askTwice(client, as("one"), as("two"))), 1, "generations");
  },
  "finds an answer whatever the billing header": async (client) => {
    const body = client.ask();
    const billed = (version) => ({
      ...body,
      system: [
        { type: "text", text: `x-anthropic-billing-header: cc_version=${version}; cc_entrypoint=sdk-cli;` },
      ],
    });
    checkEqual(
      await client.generations(() => askTwice(client, billed("1.a"), billed("1.b"))),
      1,
      "generations",
    );
  },
  "finds an answer whatever the tool calls' ids": async (client) => {
    const { messages: own, ...body } = client.ask();
    const turn = (id) => ({
      ...body,
      tools: [{ name: "read", input_schema: { type: "object" } }],
      messages: [
        ...own,
        { role: "assistant", content: [{ type: "tool_use", id, name: "read", input: {} }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: id, content: "text" }] },
      ],
    });
    checkEqual(
      await client.generations(() => askTwice(client, turn("toolu_a"), turn("toolu_b"))),
      1,
      "generations",
    );
  },
  "finds an answer behind a compaction of Claude Code's, in another session": async (client) => {
    const [{ content }] = client.ask().messages;
    const askIn = async (session) => {
      const transcript = `Read the full transcript at: /root/.claude/projects/-home-dev-app/${session}.jsonl`;
      const messages = [{ role: "user", content: `${transcript}\n${content}` }];
      await client.post(client.ask("", { messages }), { headers: { "x-claude-code-session-id": session } });
      await stored();
    };
    const count = await client.generations(async () => {
      await askIn(randomUUID());
      await askIn(randomUUID());
    });
    checkEqual(count, 1, "generations");
  },
  "finds an answer wherever cache_control stands": async (client) => {
    const { messages: own, ...body } = client.ask();
    const [{ content: text }] = own;
    const marked = (mark) => ({
      ...body,
      messages: [{ role: "user", content: [{ type: "text", text, ...mark }] }],
    });
    const count = await client.generations(() =>
      askTwice(client, marked({}), marked({ cache_control: { type: "ephemeral" } })),
    );
    checkEqual(count, 1, "generations");
  },
  "finds answers of long conversations": async (client) => {
    const { messages: own, ...body } = client.ask();
    const turns = Array.from({ length: 8 }, (_, at) => ({
      role: at % 2 ? "user" : "assistant",
      content: `${at}`,
    }));
    const whole = { ...body, messages: [...own, ...turns] };
    checkEqual(await client.generations(() => askTwice(client, whole, whole)), 1, "generations");
  },
  "gives a replayed message an id of its own": async (client) => {
    const body = client.ask("@@weather", {
      tools: [{ name: "get_weather", input_schema: { type: "object" } }],
    });
    const first = (await client.post(body)).json;
    await stored();
    const second = (await client.post(body)).json;
    check(first.id !== second.id, "one message id twice");
    check(first.content.at(-1).id !== second.content.at(-1).id, "one tool call id twice");
  },
  "does not take another system prompt's answer": async (client) => {
    const body = client.ask();
    const count = await client.generations(() =>
      askTwice(client, { ...body, system: "Be kind." }, { ...body, system: "Be rude." }),
    );
    checkEqual(count, 2, "generations");
  },
  "does not keep an empty answer": async (client) => {
    const body = client.ask("@@empty");
    check((await client.generations(() => askTwice(client, body, body))) >= 2, "the empty answer came again");
  },
  "makes one generation of five identical requests at once": async (client) => {
    const body = client.ask("@@loop", { max_tokens: 100 });
    const count = await client.generations(async () => {
      await Promise.all(Array.from({ length: 5 }, () => client.post(body)));
    });
    checkEqual(count, 1, "generations");
  },
  "a retry joins the generation that its client left": async (client) => {
    const body = client.ask("@@loop", { max_tokens: 2000 });
    const count = await client.generations(async () => {
      const gone = new AbortController();
      const left = client.post({ ...body, stream: true }, { signal: gone.signal }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 150));
      gone.abort();
      await left;
      await client.post(body);
    });
    checkEqual(count, 1, "generations");
  },
  "obeys cache-control: no-cache": async (client) => {
    const body = client.ask();
    const count = await client.generations(async () => {
      await client.post(body);
      await stored();
      await client.post(body, { headers: { "cache-control": "no-cache" } });
    });
    checkEqual(count, 2, "generations");
  },
  "says in a header whether an answer was a hit": async (client) => {
    const body = client.ask();
    await client.post(body);
    await stored();
    const { headers } = await client.post(body);
    checkEqual(headers.get("x-cache"), "hit", "x-cache");
  },
};

/** Caches store behind the answer. */
function stored() {
  return new Promise((resolve) => setTimeout(resolve, 300));
}

async function askTwice(client, first, second) {
  await client.post(first);
  await stored();
  await client.post(second);
}
