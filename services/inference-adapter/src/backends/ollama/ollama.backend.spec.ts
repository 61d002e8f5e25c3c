import { createServer } from "node:net";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { type CanonicalRequest, toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { MessagesRequest } from "#anthropic/messages.js";
import type { GenerationEvent, InferenceBackend, ServedModel } from "../inference-backend.js";
import { exchanges } from "./__fixtures__/read-exchange.js";
import { type Chat, ScriptedOllama } from "./__fixtures__/scripted-ollama.js";
import { type BackendSettings, makeBackend } from "./__fixtures__/make-backend.js";
import type { OllamaChatChunk } from "./ollama-wire.js";

const servers: ScriptedOllama[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

/** A limit that no test reaches. */
const longMs = 60_000;

async function start(onChat: (chat: Chat) => void = () => {}, options: Partial<BackendSettings> = {}) {
  const server = await new ScriptedOllama().start();
  servers.push(server);
  server.onChat = onChat;
  return { server, backend: backendOf(server.baseUrl, options) };
}

const backendOf = (baseUrl: string, options: Partial<BackendSettings> = {}) =>
  makeBackend({
    mode: "chat",
    baseUrl,
    keepAlive: "-1",
    connectTimeoutMs: 10_000,
    firstEventTimeoutMs: longMs,
    idleTimeoutMs: longMs,
    ...options,
  }).backend;

const model: ServedModel = {
  name: "tiny:latest",
  digest: "d",
  modifiedAt: "2026-01-01T00:00:00Z",
  capabilities: new Set(["tools"]),
  trainedContextLength: 4096,
  contextLength: 4096,
  fingerprint: "f",
};
const ask = (fields: Partial<MessagesRequest> = {}): CanonicalRequest =>
  toCanonicalRequest({ model: "tiny", messages: [{ role: "user", content: "hi" }], ...fields });
const withTools = ask({ tools: [{ name: "f", input_schema: {} }] });
const never = new AbortController().signal;
const generate = (backend: InferenceBackend, request = ask(), signal = never) =>
  collect(backend.generate(request, model, signal));

const token = (content: string): OllamaChatChunk => ({ message: { content }, done: false });
const done: OllamaChatChunk = { message: { content: "" }, done: true, done_reason: "stop", eval_count: 3 };
const together: OllamaChatChunk[] = [token("a"), token("b"), token("c"), done];
const sayTogether = ({ response }: Chat) =>
  response.end(together.map((chunk) => `${JSON.stringify(chunk)}\n`).join(""));
const textOf = (events: GenerationEvent[]) =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

describe("an answer", () => {
  it("is asked for with the window and comes as events", async () => {
    const { backend, server } = await start(({ end }) => end(token("a"), token("b"), done));
    const events = await generate(backend);
    expect(textOf(events)).toBe("ab");
    expect(events.at(-1)).toMatchObject({ type: "end", stopReason: "end_turn", outputTokens: 3 });
    expect(server.chats[0]?.request).toMatchObject({ truncate: false, options: { num_ctx: 4096 } });
  });

  it("comes as it is written, not at its end", async () => {
    const { backend, server } = await start(({ say }) => say(token("first")));
    const events = backend.generate(ask(), model, never);
    expect((await events.next()).value).toEqual({ type: "text", text: "first" });
    server.chats[0]?.end(token("second"), done);
    expect(textOf(await collect(events))).toBe("second");
  });

  it.each([
    ["merges", { isReadWhole: true }, {}, ["abc"]],
    ["does not merge, where somebody reads it,", {}, {}, ["a", "b", "c"]],
    [
      "does not merge, where pieces are counted,",
      { isReadWhole: true },
      { stop_sequences: ["d"] },
      ["a", "b", "c"],
    ],
  ])("%s the texts that come together", async (_name, options, fields, texts) => {
    const { backend } = await start(sayTogether);
    const events = await collect(backend.generate(ask(fields), model, never, options));
    expect(events.flatMap((event) => (event.type === "text" ? [event.text] : []))).toEqual(texts);
    expect(events.at(-1)).toMatchObject({ type: "end", outputTokens: 3 });
  });

  it("uses the connection of the one before", async () => {
    const { backend, server } = await start(({ say, end }) => {
      say(token("a"), done);
      setTimeout(() => end(), 5);
    });
    await generate(backend);
    // It is free once the end of the body has come, a little behind the last line.
    for (let turn = 0; turn < 100 && server.connections === server.chats.length; turn++) {
      await generate(backend);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(server.connections).toBeLessThan(server.chats.length);
  });

  it("that breaks behind its last line is whole", async () => {
    const { backend } = await start(({ say, cut }) => {
      say(token("a"), done);
      setTimeout(() => cut("reset"), 20);
    });
    expect(textOf(await generate(backend))).toBe("a");
    await new Promise((resolve) => setTimeout(resolve, 60));
  });

  it("ends at a stop sequence, and Ollama is told to stop", async () => {
    const { backend, server } = await start(({ say }) => say(token("one ST"), token("OP two")));
    const events = await generate(backend, ask({ stop_sequences: ["STOP"] }));
    expect(textOf(events)).toBe("one ");
    expect(events.at(-1)).toMatchObject({ stopReason: "stop_sequence", stopSequence: "STOP" });
    await server.chats[0]?.closed;
  });
});

describe("a call that Ollama's parser refuses before it sends anything", () => {
  const refuse = ({ response }: Chat) =>
    response.writeHead(500).end('{"error":"XML syntax error on line 9: unexpected EOF"}');

  it("is generated once more", async () => {
    const { backend, server } = await start((chat) =>
      server.chats.length > 1 ? sayTogether(chat) : refuse(chat),
    );
    expect(textOf(await generate(backend, withTools))).toBe("abc");
    expect(server.chats).toHaveLength(2);
  });

  it("and whose slot is lost then is not waited for to the limit", async () => {
    const { backend, server } = await start((chat) => (server.chats.length > 1 ? undefined : refuse(chat)), {
      probeIntervalMs: 50,
      lostSlotSlackMs: 500,
    });
    const events = backend.generate(withTools, model, never, { promptTokens: 1 });
    await expect(collect(events)).rejects.toMatchObject({ type: "timeout_error" });
    expect(server.chats).toHaveLength(2);
  });
});

describe("a backend that fails", () => {
  it("refuses the connection", async () => {
    const { backend, server } = await start();
    await server.stop();
    await expect(generate(backend)).rejects.toMatchObject({
      type: "api_error",
      message: expect.stringMatching(/^Ollama: http:\S+ cannot be reached \(ECONNREFUSED\)$/) as string,
    });
    await expect(backend.probe()).rejects.toMatchObject({ type: "api_error" });
  });

  it.each<[string, number, string, { type: string; status: number; message: string | RegExp }]>([
    [
      "no such model",
      404,
      '{"error":"model \'tiny\' not found"}',
      { type: "not_found_error", status: 404, message: "Ollama: model 'tiny' not found" },
    ],
    [
      "a bad request",
      400,
      '{"error":"no"}',
      { type: "invalid_request_error", status: 400, message: "Ollama: no" },
    ],
    [
      "a fault",
      500,
      '{"error":"llama runner died"}',
      { type: "api_error", status: 500, message: "Ollama: llama runner died" },
    ],
    [
      "a full queue",
      503,
      '{"error":"server busy"}',
      { type: "overloaded_error", status: 529, message: "Ollama: server busy" },
    ],
    ["a foreign host name", 403, "", { type: "api_error", status: 500, message: /OLLAMA_ORIGINS/ }],
    [
      "a page of a proxy",
      502,
      "<html>",
      { type: "api_error", status: 500, message: "Ollama: status 502 with a web page" },
    ],
  ])("%s (%d)", async (_name, status, body, error) => {
    const { backend } = await start(({ response }) => response.writeHead(status).end(body));
    await expect(generate(backend)).rejects.toMatchObject({
      ...error,
      message:
        typeof error.message === "string" ? error.message : (expect.stringMatching(error.message) as string),
    });
  });

  it.each([429, 503])("tells when to ask again (%d)", async (status) => {
    const { backend } = await start(({ response }) =>
      response.writeHead(status, { "retry-after": "17" }).end('{"error":"too many"}'),
    );
    await expect(generate(backend)).rejects.toMatchObject({
      type: "overloaded_error",
      retryAfterSeconds: 17,
    });
  });

  it.each(["hi", "x".repeat(100_000)])(
    "a prompt that does not fit is refused in the words that clients read",
    async (content) => {
      const { backend } = await start(({ response }) =>
        response.writeHead(400).end('{"error":"the input length exceeds the context length"}'),
      );
      const error = await generate(backend, ask({ messages: [{ role: "user", content }] })).catch(
        (thrown: unknown) => thrown as Error & { type: string },
      );
      expect(error).toMatchObject({ type: "invalid_request_error", status: 400 });
      const [, tokens, maximum] =
        /^prompt is too long: (\d+) tokens > (\d+) maximum$/.exec((error as Error).message) ?? [];
      expect(maximum).toBe("4096");
      expect(Number(tokens)).toBeGreaterThan(4096);
    },
  );

  it.each([
    [5000, 5000],
    [4000, 4097],
  ])("a refused prompt that was counted as %d tokens is told as %d", async (promptTokens, told) => {
    const { backend } = await start(({ response }) =>
      response.writeHead(400).end('{"error":"the input length exceeds the context length"}'),
    );
    const request = ask({ messages: [{ role: "user", content: " ".repeat(100_000) }] });
    await expect(collect(backend.generate(request, model, never, { promptTokens }))).rejects.toThrow(
      `prompt is too long: ${told} tokens > 4096 maximum`,
    );
  });

  it.each<[string, (chat: Chat) => void, RegExp]>([
    [
      "cuts the stream with its end",
      ({ say, cut }) => (say(token("a")), setTimeout(() => cut("eof"), 20)),
      /^Ollama broke off its answer/,
    ],
    [
      "resets the connection",
      ({ say, cut }) => (say(token("a")), setTimeout(() => cut("reset"), 20)),
      /^Ollama broke off its answer/,
    ],
    [
      "ends without its last line",
      ({ end }) => end(token("a")),
      /^Ollama ended its answer before it was complete$/,
    ],
    [
      "ends in the middle of a line",
      ({ say, response }) => (say(token("a")), response.end('{"message":{"con')),
      /no JSON object$/,
    ],
    [
      "writes garbage",
      ({ say, response }) => (say(token("a")), response.write("garbage\n")),
      /no JSON object$/,
    ],
    [
      "writes an error line",
      ({ say }) => say(token("a"), { error: "unexpected EOF" }),
      /^Ollama: unexpected EOF$/,
    ],
  ])("%s after the first token", async (_name, script, message) => {
    const { backend, server } = await start(script);
    const events: GenerationEvent[] = [];
    await expect(async () => {
      for await (const event of backend.generate(ask(), model, never)) events.push(event);
    }).rejects.toMatchObject({ type: "api_error", message: expect.stringMatching(message) as string });
    expect(textOf(events)).toBe("a");
    await vi.waitFor(() => expect(server.chats[0]?.response.closed).toBe(true), longMs);
  });

  it.each(["eof", "reset"] as const)("breaks off before its headers (%s)", async (how) => {
    const { backend } = await start(({ cut }) => cut(how));
    await expect(generate(backend)).rejects.toMatchObject({
      type: "api_error",
      message: expect.stringMatching(/^Ollama: the connection to \S+ broke/) as string,
    });
  });
});

describe("a backend that is silent", () => {
  const limits = { firstEventTimeoutMs: 600, idleTimeoutMs: 300, probeIntervalMs: 50 };
  const silent = (limitMs: number) => ({
    type: "timeout_error",
    message: `the backend sent nothing for ${Math.round(limitMs / 1000)} s`,
  });

  it("and fails its probes is given up long before the limit", async () => {
    const { backend, server } = await start(undefined, {
      probeIntervalMs: 50,
      connectTimeoutMs: 100,
    });
    server.onOther = () => {};
    await expect(generate(backend)).rejects.toMatchObject({
      type: "timeout_error",
      message: "the backend has stopped answering",
    });
    expect(server.probes).toBe(2);
    await server.chats[0]?.closed;
  });

  it("and accepts nothing but connections is given up too", async () => {
    const deaf = createServer(() => {});
    deaf.listen(0, "127.0.0.1");
    await once(deaf, "listening");
    const backend = backendOf(`http://127.0.0.1:${(deaf.address() as AddressInfo).port}`, {
      probeIntervalMs: 50,
      connectTimeoutMs: 100,
    });
    await expect(generate(backend)).rejects.toMatchObject({
      type: "timeout_error",
      message: "the backend has stopped answering",
    });
    deaf.close();
  });

  it("before the first token, but answers its probes, has until the limit", async () => {
    const { backend, server } = await start(undefined, { ...limits, firstEventTimeoutMs: 1500 });
    const startedAt = performance.now();
    await expect(generate(backend)).rejects.toMatchObject(silent(1500));
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1490);
    expect(server.probes).toBeGreaterThan(1);
    await server.chats[0]?.closed;
  });

  it("has the model unloaded before the next generation, as its slot may be lost", async () => {
    const { backend, server } = await start(undefined, { ...limits, firstEventTimeoutMs: 3000 });
    const asked: string[] = [];
    let looks = 0;
    server.onOther = (request, response, body) => {
      if (request.url === "/api/generate") asked.push(body);
      const isLoaded = request.url === "/api/ps" && ++looks === 1;
      response.end(
        JSON.stringify({ version: "0.0.0", models: isLoaded ? [{ digest: "d", context_length: 4096 }] : [] }),
      );
    };
    await expect(generate(backend)).rejects.toMatchObject({ type: "timeout_error" });
    await server.chats[0]?.closed;
    expect(asked.map((body) => JSON.parse(body) as unknown)).toEqual([
      { model: "tiny:latest", keep_alive: 0 },
    ]);
    expect(looks).toBe(2);
  });

  it.each([
    ["measured", { prompt_eval_count: 1000, prompt_eval_duration: 1e6 }],
    ["not measured: prompts were short", { prompt_eval_count: 9, prompt_eval_duration: 1e6 }],
  ])(
    "behind an answer that was cut loses its model soon, and is asked again, speed %s",
    async (_case, evaluated) => {
      let lost = false;
      const { backend, server } = await start(
        ({ say, end }) => {
          if (lost) return;
          say(token("a"));
          setTimeout(() => end(token("b"), { ...done, ...evaluated }), 100);
        },
        { probeIntervalMs: 50, lostSlotSlackMs: 2500 },
      );
      let isLoaded = true;
      server.onOther = (request, response) => {
        if (request.url === "/api/generate") lost = isLoaded = false;
        const models = isLoaded ? [{ digest: "d", context_length: 4096 }] : [];
        response.end(JSON.stringify({ version: "0.0.0", models }));
      };
      expect(textOf(await generate(backend))).toBe("ab");
      expect(textOf(await generate(backend, ask({ stop_sequences: ["a"] })))).toBe("");
      lost = true;
      const events = backend.generate(ask(), model, never, { promptTokens: 1 });
      expect(textOf(await collect(events))).toBe("ab");
      expect(server.chats).toHaveLength(4);
      await server.chats[2]?.closed;
      expect(isLoaded).toBe(false);
    },
  );

  it("behind an answer that was cut has until the limit where its model was loaded since", async () => {
    const { backend, server } = await start(({ say }) => say(token("a")), {
      ...limits,
      firstEventTimeoutMs: 5000,
      lostSlotSlackMs: 1,
    });
    await generate(backend, ask({ stop_sequences: ["a"] }));
    server.onChat = ({ end }) => void setTimeout(() => end(token("b"), done), 300);
    expect(textOf(await generate(backend))).toBe("b");
    expect(server.chats).toHaveLength(2);
  });

  it("behind an answer that was cut has until the limit where its model was seen gone and is there again", async () => {
    const { backend, server } = await start(({ say }) => say(token("a")), {
      ...limits,
      firstEventTimeoutMs: 5000,
      lostSlotSlackMs: 1,
    });
    let isLoaded = false;
    server.onOther = (_request, response) => {
      const models = isLoaded ? [{ digest: "d", context_length: 4096 }] : [];
      response.end(JSON.stringify({ version: "0.0.0", models }));
    };
    const short = { promptTokens: 0 };
    await collect(backend.generate(ask({ stop_sequences: ["a"] }), model, never, short));
    expect(await backend.loadedContextLength(model)).toBeUndefined();
    isLoaded = true;
    server.onChat = ({ end }) => void setTimeout(() => end(token("b"), done), 300);
    expect(textOf(await collect(backend.generate(ask(), model, never, short)))).toBe("b");
    expect(server.chats).toHaveLength(2);
  });

  it("and refuses to unload the model is told as silent", async () => {
    const { backend, server } = await start(undefined, limits);
    server.onOther = (request, response) =>
      response.writeHead(request.url === "/api/generate" ? 500 : 200).end('{"version":"0.0.0"}');
    await expect(generate(backend)).rejects.toMatchObject(silent(600));
  });

  it("before the first token within the limit is waited for", async () => {
    const { backend } = await start(({ end }) => void setTimeout(() => end(token("late"), done), 400), {
      ...limits,
      firstEventTimeoutMs: 20_000,
    });
    expect(textOf(await generate(backend))).toBe("late");
  });

  it("after the first token has the shorter limit", async () => {
    const { backend, server } = await start(({ say }) => say(token("a")), {
      ...limits,
      firstEventTimeoutMs: longMs,
    });
    await expect(generate(backend)).rejects.toMatchObject(silent(300));
    await server.chats[0]?.closed;
  });

  it("after the first token within the limit is waited for", async () => {
    const { backend } = await start(
      ({ say, end }) => {
        say(token("a"));
        setTimeout(() => end(token("b"), done), 200);
      },
      { ...limits, idleTimeoutMs: 20_000 },
    );
    expect(textOf(await generate(backend))).toBe("ab");
  });

  it("while tools are offered has the longer limit, as long as it answers probes", async () => {
    const { backend, server } = await start(
      ({ say, end }) => {
        say(token("a"));
        setTimeout(() => end(token("b"), done), 1000);
      },
      { ...limits, firstEventTimeoutMs: longMs },
    );
    expect(textOf(await generate(backend, withTools))).toBe("ab");
    expect(server.probes).toBeGreaterThan(0);
  });

  it("while tools are offered and fails its probes is given up", async () => {
    const { backend, server } = await start(({ say }) => say(token("a")), {
      firstEventTimeoutMs: longMs,
      probeIntervalMs: 50,
      connectTimeoutMs: 100,
    });
    server.onOther = () => {};
    await expect(generate(backend, withTools)).rejects.toMatchObject({
      message: "the backend has stopped answering",
    });
  });
});

describe("a generation that is given up", () => {
  const gone = new Error("gone");

  it("before its headers closes the connection", async () => {
    const { backend, server } = await start();
    const giving = new AbortController();
    const events = generate(backend, ask(), giving.signal);
    await vi.waitFor(() => expect(server.chats).toHaveLength(1), longMs);
    giving.abort(gone);
    await expect(events).rejects.toMatchObject({ type: "api_error" });
    await server.chats[0]?.closed;
  });

  it("while it is silent in the middle closes the connection", async () => {
    const { backend, server } = await start(({ say }) => say(token("a")));
    const giving = new AbortController();
    const events = backend.generate(ask(), model, giving.signal);
    await events.next();
    const next = events.next();
    giving.abort(gone);
    await expect(next).rejects.toMatchObject({ type: "api_error" });
    await server.chats[0]?.closed;
  });

  it("while it flows closes the connection", async () => {
    const flow = ({ say, response }: Chat) => {
      const timer = setInterval(() => say(token("x")), 1);
      response.once("close", () => clearInterval(timer));
    };
    const { backend, server } = await start(flow);
    const giving = new AbortController();
    let count = 0;
    await expect(async () => {
      for await (const event of backend.generate(ask(), model, giving.signal))
        if (event.type === "text" && ++count === 20) giving.abort(gone);
    }).rejects.toMatchObject({ type: "api_error" });
    await server.chats[0]?.closed;
  });

  it("by its reader, who just stops reading, closes the connection", async () => {
    const { backend, server } = await start(({ say }) => say(token("a"), token("b")));
    for await (const event of backend.generate(ask(), model, never)) {
      expect(event).toEqual({ type: "text", text: "a" });
      break;
    }
    await server.chats[0]?.closed;
  });

  it("before it began is never sent", async () => {
    const { backend, server } = await start();
    await expect(generate(backend, ask(), AbortSignal.abort(gone))).rejects.toMatchObject({
      type: "api_error",
    });
    expect(server.chats).toHaveLength(0);
  });
});

const recordedAnswer = (name: string) => exchanges.find((exchange) => exchange.name === name)?.answer ?? "";

describe("the models", () => {
  const tags = JSON.parse(recordedAnswer("get-api-tags")) as { models: { name: string; digest: string }[] };
  const answerWith =
    (show: (name: string) => { status: number; body: string }): ScriptedOllama["onOther"] =>
    (request, response, body) => {
      if (request.url === "/api/tags") response.end(JSON.stringify(tags));
      else {
        const { status, body: answer } = show((JSON.parse(body) as { model: string }).model);
        response.writeHead(status).end(answer);
      }
    };
  const showOf = (name: string) => recordedAnswer(name.startsWith("tiny-think") ? "show-think" : "show");

  it("are listed with what they can do and were trained for", async () => {
    const { backend, server } = await start();
    server.onOther = answerWith((name) => ({ status: 200, body: showOf(name) }));
    const models = await backend.listModels();
    expect(models.map(({ name }) => name)).toEqual(tags.models.map(({ name }) => name));
    expect(models[0]).toEqual({
      name: "tiny:latest",
      digest: tags.models[0]?.digest,
      modifiedAt: "2026-11-23T07:03:24.806384956Z",
      trainedContextLength: expect.any(Number) as number,
      capabilities: new Set(["tools"]),
    });
    expect(models.find(({ name }) => name === "tiny-think:latest")?.capabilities).toEqual(
      new Set(["tools", "thinking"]),
    );
  });

  it("are shown once for each digest, a failure is asked again", async () => {
    const { backend, server } = await start();
    const shown: string[] = [];
    let isBroken = true;
    server.onOther = answerWith((name) => {
      shown.push(name);
      return isBroken && name === "tiny:latest"
        ? { status: 503, body: "" }
        : { status: 200, body: showOf(name) };
    });
    expect(await backend.listModels()).toHaveLength(tags.models.length - 1);
    isBroken = false;
    expect(await backend.listModels()).toHaveLength(tags.models.length);
    await backend.listModels();
    expect(shown.filter((name) => name === "tiny:latest")).toHaveLength(2);
    expect(shown.filter((name) => name === "tiny-think:latest")).toHaveLength(1);
  });

  it.each([
    [404, []],
    [500, ["tiny:latest"]],
  ])("do without one that cannot be shown (%d)", async (status, undescribed) => {
    const { backend, server } = await start();
    server.onOther = answerWith((name) =>
      name === "tiny:latest" ? { status, body: '{"error":"broken"}' } : { status: 200, body: showOf(name) },
    );
    const names = (await backend.listModels()).map(({ name }) => name);
    expect(names).toHaveLength(tags.models.length - 1);
    expect(names).not.toContain("tiny:latest");
    expect([...backend.undescribed.keys()]).toEqual(undescribed);
  });

  it("do without one that hangs, and list it when it is shown", async () => {
    const { backend, server } = await start();
    const answer = answerWith((name) => ({ status: 200, body: showOf(name) }));
    let goOn = () => {};
    server.onOther = (request, response, body) => {
      if (!body.includes("tiny:latest")) return answer(request, response, body);
      goOn = () => answer(request, response, body);
    };
    const startedAt = performance.now();
    const names = async () => (await backend.listModels()).map(({ name }) => name);
    expect(await names()).toEqual(tags.models.slice(1).map(({ name }) => name));
    expect(performance.now() - startedAt).toBeLessThan(4000);
    const described = backend.undescribed.get("tiny:latest")?.();
    goOn();
    expect(await described).toMatchObject({ name: "tiny:latest" });
    await vi.waitFor(async () => expect(await names()).toContain("tiny:latest"), longMs);
  });

  it.each([
    ["a page", "<html>maintenance</html>"],
    ["null", "null"],
    ["another object", '{"status":"ok"}'],
    ["odd abilities", '{"details":{},"capabilities":"tools"}'],
  ])("that are shown as %s are an error, and asked for again", async (_name, odd) => {
    const { backend, server } = await start();
    let isOdd = true;
    server.onOther = answerWith((name) => ({ status: 200, body: isOdd ? odd : showOf(name) }));
    await expect(backend.listModels()).rejects.toMatchObject({
      type: "api_error",
      message: expect.stringContaining("does not answer as Ollama does") as string,
    });
    isOdd = false;
    const models = await backend.listModels();
    expect(models).toHaveLength(tags.models.length);
    expect(models[0]?.capabilities).toEqual(new Set(["tools"]));
  });

  it("are shown a few at once", async () => {
    const { backend, server } = await start();
    const models = Array.from({ length: 200 }, (_, tag) => ({ name: `m:${tag}`, digest: `d${tag}` }));
    let running = 0;
    let most = 0;
    server.onOther = (request, response, body) => {
      if (request.url === "/api/tags") return void response.end(JSON.stringify({ models }));
      most = Math.max(most, ++running);
      setTimeout(() => {
        running -= 1;
        response.end(showOf((JSON.parse(body) as { model: string }).model));
      }, 1);
    };
    await vi.waitFor(async () => expect(await backend.listModels()).toHaveLength(200), longMs);
    expect(most).toBeLessThanOrEqual(16);
  });

  it("that are all gone are none", async () => {
    const { backend, server } = await start();
    server.onOther = answerWith(() => ({ status: 404, body: '{"error":"not found"}' }));
    expect(await backend.listModels()).toEqual([]);
  });

  it("of a server that is no Ollama are an error", async () => {
    const { backend } = await start();
    await expect(backend.listModels()).rejects.toMatchObject({
      type: "api_error",
      message: expect.stringContaining("does not answer as Ollama does") as string,
    });
  });
});

describe("loading and pulling", () => {
  it("a load names the window and asks nothing", async () => {
    const { backend, server } = await start(({ end }) => end({ done: true, done_reason: "load" }));
    await backend.load(model, never);
    expect(server.chats[0]?.request).toMatchObject({
      messages: [],
      keep_alive: -1,
      options: { num_ctx: 4096 },
    });
  });

  it("a load that fails says why", async () => {
    const { backend } = await start(({ response }) => response.writeHead(500).end('{"error":"no memory"}'));
    await expect(backend.load(model, never)).rejects.toMatchObject({ message: "Ollama: no memory" });
  });

  it("a pull tells how far it is", async () => {
    const { backend, server } = await start();
    server.onOther = (_request, response) =>
      response.end(
        [
          { status: "pulling manifest" },
          { digest: "a", total: 100 },
          { digest: "a", total: 100, completed: 50 },
          { digest: "b", total: 300, completed: 0 },
          { digest: "b", total: 300, completed: 300 },
          { status: "success" },
        ]
          .map((line) => `${JSON.stringify(line)}\n`)
          .join(""),
      );
    expect(await collect(backend.pull("tiny", never))).toEqual([0, 50, 50, 87]);
  });

  it("a pull that fails says why", async () => {
    const { backend, server } = await start();
    server.onOther = (_request, response) => response.end('{"status":"pulling"}\n{"error":"no space"}\n');
    await expect(collect(backend.pull("tiny", never))).rejects.toMatchObject({ message: "Ollama: no space" });
  });
});
