import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Stack, question, startStack, writes } from "../support/stack.js";

const run = promisify(execFile);

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterEach(() => stack.ollama.reset());
afterAll(() => stack.close());

describe("the guide's own examples", () => {
  const body = '{"messages":[{"role":"user","content":"Hello"}],"model":"qwen3-coder"}';

  it("work with curl, without key, version or max_tokens", async () => {
    stack.ollama.script(writes("Hi!"));
    const { stdout } = await run("curl", [
      ..."-s -X POST".split(" "),
      `${stack.url}/v1/messages`,
      "-H",
      "Content-Type: application/json",
      "-d",
      body,
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      type: "message",
      model: "qwen3-coder",
      content: [{ type: "text", text: "Hi!" }],
    });
  });

  const isPythonMissing = !process.env["CI"] && spawnSync("python3", ["-c", "import requests"]).status !== 0;
  it.skipIf(isPythonMissing)("work with Python's requests, in a loop of tasks", async () => {
    stack.ollama.script((_request, generation) => writes(`Answer ${generation}.`));
    const program = `
import requests, sys
for task in ["Write a function", "Write a test", "Write a comment"]:
    response = requests.post(
        sys.argv[1] + "/v1/messages",
        json={"model": "qwen3-coder", "messages": [{"role": "user", "content": task}]},
    )
    response.raise_for_status()
    print(response.json()["content"][0]["text"])
`;
    const { stdout } = await run("python3", ["-c", program, stack.url], { timeout: 60_000 });
    expect(stdout.trim().split("\n")).toEqual(["Answer 1.", "Answer 2.", "Answer 3."]);
  });
});

describe("a request that cannot be read", () => {
  const message = { messages: [{ role: "user", content: "Hi" }] };
  it.each<[string, string | object, string]>([
    ["no JSON", '{"model":', "The request body is not valid JSON"],
    ["no body", "", "JSON object"],
    ["a list", "[]", "JSON object"],
    ["null", "null", "JSON object"],
    ["no model", message, "model: Field required"],
    ["a model that is no text", { ...message, model: 7 }, "model: "],
    ["no messages", { model: "m" }, "messages: Field required"],
    ["an empty list of messages", { model: "m", messages: [] }, "at least one message is required"],
    ["an unknown role", { model: "m", messages: [{ role: "x", content: "" }] }, "messages.0.role: "],
    ["no content", { model: "m", messages: [{ role: "user" }] }, "messages.0.content: Field required"],
    [
      "a block without its text",
      { model: "m", messages: [{ role: "user", content: [{ type: "text" }] }] },
      "messages.0.content.0.text: Field required",
    ],
    ["a stream flag that is a text", { ...message, model: "m", stream: "yes" }, "stream: "],
    ["an output limit of 0", { ...message, model: "m", max_tokens: 0 }, "max_tokens: "],
  ])("is refused in Anthropic's shape: %s", async (_name, body, text) => {
    const response = await stack.post(body);
    expect(response.status).toBe(400);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await response.json()).toEqual({
      type: "error",
      error: { type: "invalid_request_error", message: expect.stringContaining(text) as string },
      request_id: response.headers.get("request-id"),
    });
  });

  it.each(["gzip", "identity, gzip"])("is refused where it is compressed: %s", async (encoding) => {
    const response = await stack.post(question(), { "content-encoding": encoding });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error" } });
  });

  it.each(["", "identity", "Identity"])("is read where its encoding is none: %j", async (encoding) => {
    expect((await stack.post(question(), { "content-encoding": encoding })).status).toBe(200);
  });
});

describe("a request's size", () => {
  const sized = (bytes: number) => JSON.stringify(question({ model: "nope:1b", padding: "x".repeat(bytes) }));

  it("may be many megabytes", async () => {
    const response = await stack.post(sized(20 * 1024 * 1024));
    expect(await response.json()).toMatchObject({ error: { type: "not_found_error" } });
  });

  it("may not be over 32 MiB", async () => {
    const response = await stack.post(sized(32 * 1024 * 1024));
    expect(response.status).toBe(413);
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await response.json()).toEqual({
      type: "error",
      error: { type: "request_too_large", message: "Request exceeds the maximum size" },
      request_id: response.headers.get("request-id"),
    });
  });

  it("is told to a client that is still sending, however it sends", async () => {
    const body = sized(48 * 1024 * 1024);
    for (let attempt = 0; attempt < 3; attempt++) {
      expect((await stack.post(body)).status).toBe(413);
      const chunked = await fetch(`${stack.url}/v1/messages`, {
        method: "POST",
        body: new Blob([body]).stream(),
        duplex: "half",
      });
      expect(chunked.status).toBe(413);
    }
  });
});

describe("routes", () => {
  it.each([
    ["GET", "/nope"],
    ["POST", "/v1/complete"],
    ["GET", "/v1/messages"],
    ["DELETE", "/v1/messages"],
    ["POST", "/v1/messages/batches"],
    ["GET", "/v1/models/a/b/c"],
    ["PUT", "/"],
  ])("that do not exist are 404 in Anthropic's shape: %s %s", async (method, path) => {
    const response = await fetch(stack.url + path, { method });
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({
      type: "error",
      error: { type: "not_found_error", message: expect.any(String) as string },
      request_id: response.headers.get("request-id"),
    });
  });

  it.each([
    ["a broken escape", "/%E0%A4%A", 400, "invalid_request_error"],
    ["a name that is too long", `/v1/models/${"x".repeat(501)}`, 404, "not_found_error"],
  ])("that the router refuses are told in Anthropic's shape: %s", async (_name, path, status, type) => {
    const response = await fetch(stack.url + path);
    expect(response.status).toBe(status);
    expect(response.headers.get("request-id")).toMatch(/^req_/);
    expect(await response.json()).toEqual({
      type: "error",
      error: { type, message: expect.any(String) as string },
      request_id: response.headers.get("request-id"),
    });
  });

  it.each(["multipart/form-data; boundary=x", "application/json", "json"])(
    "that do not exist are 404 whatever is sent there: %s",
    async (type) => {
      const headers = { "content-type": type };
      const response = await fetch(`${stack.url}/v1/files`, { method: "POST", headers, body: "--x\r\n" });
      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({
        error: { type: "not_found_error", message: "No route POST /v1/files" },
      });
    },
  );

  it.each([
    ["/messages", "with /v1 at its end"],
    ["/messages/count_tokens", "with /v1 at its end"],
    ["/v1/v1/messages?beta=true", "without /v1 at its end"],
    ["/v1/chat/completions", "set up for OpenAI's"],
  ])("that programs ask with another base URL are 404 and say what is wrong: %s", async (path, reason) => {
    const response = await fetch(stack.url + path, { method: "POST", body: JSON.stringify(question()) });
    expect(response.status).toBe(404);
    const { error } = (await response.json()) as { error: { type: string; message: string } };
    expect(error.type).toBe("not_found_error");
    expect(error.message).toMatch(new RegExp(`^No route POST ${path.split("?")[0]}: .*${reason}$`));
  });

  it.each(["/v1/messages?beta=true", "/v1/messages/", "/v1/messages?beta=true&x=1"])(
    "are matched by path: %s",
    async (path) => {
      const response = await fetch(stack.url + path, { method: "POST", body: JSON.stringify(question()) });
      expect(response.status).toBe(200);
    },
  );

  it.each([
    "application/x-www-form-urlencoded",
    "",
    "*",
    "json",
    "a/b c",
    "application//json",
    "application/json charset=utf-8",
    "application/json, text/plain",
  ])("take a body whatever its content type says: %j", async (type) => {
    expect((await stack.post(question(), { "content-type": type })).status).toBe(200);
    expect((await stack.post("{", { "content-type": type })).status).toBe(400);
  });

  it("do not take bytes that are no UTF-8 for other words", async () => {
    const ask = (body: Buffer) => fetch(`${stack.url}/v1/messages`, { method: "POST", body });
    const text = JSON.stringify(question({ messages: [{ role: "user", content: "für" }] }));
    const latin = await ask(Buffer.from(text, "latin1"));
    expect(latin.status).toBe(400);
    expect(latin.headers.get("x-should-retry")).toBe("false");
    expect(await latin.json()).toMatchObject({ error: { message: "The request body is not valid UTF-8" } });
    expect((await ask(Buffer.from(`\uFEFF${text}`, "utf16le"))).status).toBe(400);
    // As Windows' programs write a file.
    expect((await ask(Buffer.from(`\uFEFF${text}`))).headers.get("x-cache")).toBe("miss");
    expect((await ask(Buffer.from(text))).headers.get("x-cache")).toBe("hit");
  });

  it("answer HEAD / and GET /", async () => {
    const head = await fetch(stack.url, { method: "HEAD" });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
    expect(await (await fetch(stack.url, { headers: { accept: "*/*" } })).json()).toMatchObject({
      status: "ok",
      service: "gateway",
      version: expect.stringMatching(/^\d+\.\d+\.\d+/) as string,
      model: "qwen3-coder",
    });
  });
});
