import { check, checkEqual, checkError, textOf, weather } from "../client.mjs";

const long = (tokens) => "tick ".repeat(tokens);

export const counting = {
  "counts the tokens that the answer's usage tells": async (client) => {
    const body = client.ask("@@weather", { tools: [weather], system: "Be kind." });
    const { max_tokens: _, ...counted } = body;
    const { json } = await client.post(counted, { path: "/v1/messages/count_tokens" });
    const { usage } = await client.sdk.messages.create(body);
    checkEqual(json?.input_tokens, usage.input_tokens, "input_tokens");
  },
  "counts a burst of fifty as Claude Code sends it": async (client) => {
    const bodies = Array.from({ length: 50 }, () => {
      const { max_tokens: _, ...counted } = client.ask(long(200));
      return counted;
    });
    const answers = await Promise.all(
      bodies.map((body) => client.post(body, { path: "/v1/messages/count_tokens?beta=true" })),
    );
    check(
      answers.every(({ status, json }) => status === 200 && json.input_tokens > 100),
      `statuses ${[...new Set(answers.map(({ status }) => status))].join(", ")}`,
    );
  },
  "runs no model to count": async (client) => {
    const { max_tokens: _, ...counted } = client.ask(long(50));
    const count = await client.generations(async () => {
      const { status } = await client.post(counted, { path: "/v1/messages/count_tokens" });
      checkEqual(status, 200, "status");
    });
    checkEqual(count, 0, "generations");
  },
  "refuses to count what is no request": async (client) => {
    const answer = await client.post(
      { model: client.model, messages: "no" },
      { path: "/v1/messages/count_tokens" },
    );
    checkError(answer, 400, "invalid_request_error");
  },
  "refuses a prompt over the window in the words that Claude Code compacts at": async (client) => {
    const answer = await client.post(client.ask(long(client.target.window + 1000)));
    checkError(answer, 400, "invalid_request_error", /^prompt is too long: \d+ tokens > \d+ maximum$/);
  },
  "never cuts a prompt silently": async (client) => {
    const answer = await client.post(client.ask(long(client.target.window + 1000)));
    check(answer.status !== 200, `200 with input_tokens ${answer.json?.usage?.input_tokens}`);
  },
  "takes a max_tokens larger than the window": async (client) => {
    const message = await client.sdk.messages.create(client.ask("", { max_tokens: 128_000 }), {
      timeout: 60_000,
    });
    check(textOf(message) !== "", "no text");
  },
  "tells each model's real window": async (client) => {
    const { json } = await client.get(`/v1/models/${client.model}`);
    checkEqual(json?.max_input_tokens, client.target.window, "max_input_tokens");
  },
};

export const models = {
  "lists models in Anthropic's shape": async (client) => {
    const { status, json } = await client.get("/v1/models?limit=1000");
    checkEqual(status, 200, "status");
    checkEqual([json?.has_more, Array.isArray(json?.data)], [false, true], "shape");
    check(
      json.data.every(
        ({ type, id, display_name: name, created_at: at }) => type === "model" && id && name && at,
      ),
      "entries",
    );
    checkEqual(json.first_id, json.data[0].id, "first_id");
  },
  "gives one model by its name": async (client) => {
    const { status, json } = await client.get(`/v1/models/${client.model}`);
    checkEqual([status, json?.type], [200, "model"], "answer");
  },
  "says 404 of a model that is not there": async (client) => {
    checkError(await client.get("/v1/models/no-such-model"), 404, "not_found_error");
  },
};
