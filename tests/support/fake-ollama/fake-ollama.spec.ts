import { afterAll, beforeAll, expect, it } from "vitest";
import { startFakeOllama, type FakeOllama } from "./fake-ollama.js";
import { readRecording, send, toKeys, toTranscript } from "./recordings.js";

let fake: FakeOllama;
beforeAll(async () => {
  fake = await startFakeOllama();
});
afterAll(() => fake.close());

it.each([
  "chat-text-stream",
  "chat-text-nostream",
  "chat-tool-stream",
  "chat-tool-nostream",
  "chat-text-then-tool-stream",
  "chat-two-tools-stream",
  "chat-two-tools-nostream",
  "chat-tool-badjson-stream",
  "chat-tool-unknown-name-stream",
  "chat-tool-length-cut-stream",
  "chat-tool-result-final-stream",
  "chat-think-stream",
  "chat-think-nostream",
  "chat-think-unset-stream",
  "chat-think-false-stream",
  "chat-think-tool-stream",
  "chat-think-cut-stream",
  "chat-think-level-stream",
  "chat-length-stream",
  "chat-stop-stream",
  "chat-empty-stream",
  "chat-utf8-stream",
  "chat-load-only",
  "chat-format-json-stream",
  "chat-format-schema-nostream",
  "generate-raw-stream",
  "generate-raw-stop-stream",
  "unload",
  "err-model-not-found",
  "err-model-empty",
  "err-model-badname",
  "err-tools-unsupported",
  "err-think-unsupported",
  "err-content-array",
  "err-option-type",
  "err-empty-body",
  "err-keepalive",
  "err-show-not-found",
  "tool-arguments-string",
])("answers %s as recorded", async (name) => {
  const recording = readRecording(name);
  const response = await send(fake.url, recording);
  expect(response.status).toBe(recording.status);
  if (recording.contentType) expect(response.headers.get("content-type")).toBe(recording.contentType);
  expect(toTranscript(await response.text())).toEqual(toTranscript(recording.answer));
});

it.each(["get-root", "get-api-version", "err-404-path", "err-405"])(
  "answers %s to the letter",
  async (name) => {
    const recording = readRecording(name);
    const response = await send(fake.url, recording);
    expect([response.status, response.headers.get("content-type"), await response.text()]).toEqual([
      recording.status,
      recording.contentType,
      recording.answer,
    ]);
  },
);

it.each(["get-api-tags", "get-api-ps", "debug-render"])("answers %s with the same keys", async (name) => {
  await send(fake.url, readRecording("chat-load-only"));
  const recording = readRecording(name);
  const response = await send(fake.url, recording);
  expect(response.status).toBe(recording.status);
  expect(toKeys(await response.json())).toEqual(toKeys(JSON.parse(recording.answer)));
});

it.each(["show", "show-think"])(
  "answers %s with the same keys, those of the architecture apart",
  async (name) => {
    const recording = readRecording(name);
    const keysOf = (answer: string): string[] =>
      toKeys(JSON.parse(answer)).filter(
        (key) => !/model_info\/(llama\.(attention|rope|feed|vocab)|tokenizer.*_)/u.test(key),
      );
    const answer = await (await send(fake.url, recording)).text();
    expect(keysOf(answer)).toEqual(keysOf(recording.answer));
    const { capabilities } = JSON.parse(answer) as { capabilities: string[] };
    expect(capabilities).toEqual((JSON.parse(recording.answer) as { capabilities: string[] }).capabilities);
  },
);

it.each(["chat-tool-badjson-stream", "chat-tool-unknown-name-stream", "chat-tool-length-cut-stream"])(
  "betrays the swallowed call of %s by its eval_count",
  async (name) => {
    const recording = readRecording(name);
    const answer = (await (await send(fake.url, recording)).json()) as { eval_count: number };
    expect(answer.eval_count).toBe((JSON.parse(recording.answer) as { eval_count: number }).eval_count);
  },
);

it("refuses a prompt over the window where truncate is false", async () => {
  const recording = readRecording("ctx-truncate-false");
  const before = fake.generations();
  const body = { ...(recording.body as object), messages: [{ role: "user", content: "x".repeat(28_508) }] };
  const response = await send(fake.url, { ...recording, body });
  expect([response.status, await response.json()]).toEqual([recording.status, JSON.parse(recording.answer)]);
  expect(fake.generations()).toBe(before);
});

it("ends an endless answer at the window where shift is false", async () => {
  const recording = readRecording("ctx-loop-shift-false-stream");
  const [text, end] = toTranscript(await (await send(fake.url, recording)).text());
  const recorded = toTranscript(recording.answer);
  expect(end).toEqual(recorded.at(-1));
  expect(text).toMatchObject({ text: expect.stringMatching(/^tick tock ping pong zig zag tick/u) as string });
});
