// What the behaviours ask and check with.
import Anthropic from "@anthropic-ai/sdk";
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

const limitMs = 60_000;

/** The SDK without retries, and plain requests, of one target. */
export class Client {
  constructor(target) {
    this.target = target;
    this.sdk = new Anthropic({ baseURL: target.url, apiKey: target.key, maxRetries: 0, timeout: limitMs });
  }

  get model() {
    return this.target.model;
  }

  /** A request that nobody has made before. `text` may begin with a directive of the scripted models. */
  ask(text = "", changed = {}) {
    return {
      model: this.model,
      max_tokens: 256,
      messages: [{ role: "user", content: `${text} ${randomUUID()}`.trim() }],
      ...changed,
    };
  }

  async post(body, { path = "/v1/messages", headers = {}, method = "POST", signal } = {}) {
    const answer = await fetch(this.target.url + path, {
      method,
      headers: {
        "content-type": "application/json",
        "anthropic-version": "2023-06-01",
        "x-api-key": this.target.key,
        ...headers,
      },
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body) }),
      signal: AbortSignal.any([AbortSignal.timeout(limitMs), ...(signal ? [signal] : [])]),
    });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, text, json: parse(text) };
  }

  get(path) {
    return this.post(undefined, { path, method: "GET" });
  }

  /** All events of a streamed answer, in order. @throws Error when it is no event stream */
  async stream(body, options) {
    const answer = await this.post({ ...body, stream: true }, options);
    check(answer.status === 200, `status ${answer.status}: ${answer.text.slice(0, 200)}`);
    const events = answer.text
      .split(/\r?\n\r?\n/)
      .map((block) => /^data: ?(.*)$/m.exec(block)?.[1])
      .filter((data) => data !== undefined)
      .map(parse);
    return { ...answer, events };
  }

  /** How many generations `work` takes. */
  async generations(work) {
    const before = this.target.countGenerations();
    await work();
    return this.target.countGenerations() - before;
  }
}

/** @throws Error saying what was seen instead */
export function check(condition, message) {
  if (!condition) throw new Error(message);
}

/** As JSON, in which the order of members means nothing. */
export function checkEqual(seen, expected, what) {
  const [one, other] = [JSON.stringify(seen), JSON.stringify(expected)];
  const isEqual = one === other || (one && other && isDeepStrictEqual(JSON.parse(one), JSON.parse(other)));
  check(isEqual, `${what}: ${one} instead of ${other}`);
}

/** Anthropic's error envelope with this status and type, and a message that says something. */
export function checkError(answer, status, type, words = /./) {
  checkEqual(answer.status, status, "status");
  checkEqual(answer.json?.type, "error", "type");
  checkEqual(answer.json?.error?.type, type, "error type");
  check(words.test(answer.json?.error?.message ?? ""), `message: ${answer.json?.error?.message}`);
}

export function textOf({ content = [] } = {}) {
  return content.flatMap(({ type, text }) => (type === "text" ? [text] : [])).join("");
}

export function callsOf({ content = [] } = {}) {
  return content.filter(({ type }) => type === "tool_use");
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const weather = {
  name: "get_weather",
  description: "The weather of a city.",
  input_schema: {
    type: "object",
    properties: { city: { type: "string" }, days: { type: "integer" }, metric: { type: "boolean" } },
    required: ["city"],
  },
};
