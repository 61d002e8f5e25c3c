import fc from "fast-check";
import { once } from "node:events";
import { type Socket, connect } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Stack, question, startStack } from "../support/stack.js";
import { expectError, thoroughness } from "./expect-civil.js";

// What never becomes a request, at each of the three services.

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterEach(() => stack.ollama.reset());
afterAll(() => stack.close());

function connectTo(url: string): Socket {
  return connect(Number(new URL(url).port), "127.0.0.1").on("error", () => {});
}

interface RawAnswer {
  status: number;
  body: string;
}

/** Sends these bytes, then closes our half; undefined: the connection was closed without a word. */
function send(url: string, bytes: string | Uint8Array): Promise<RawAnswer | undefined> {
  return new Promise((resolve, reject) => {
    let end: NodeJS.Timeout | undefined;
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => {
      socket.write(bytes);
      // Node takes the end of our half as that of the client, so it comes late.
      end = setTimeout(() => socket.end(), 200);
    });
    const limit = setTimeout(() => socket.destroy(new Error("no end")), 20_000);
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.message === "no end") reject(error);
    });
    socket.once("close", () => {
      clearTimeout(limit);
      clearTimeout(end);
      const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]);
      const at = text.indexOf("\r\n\r\n");
      resolve(at < 0 ? undefined : { status, body: text.slice(at + 4) });
    });
  });
}

const head = "POST /v1/messages HTTP/1.1\r\nHost: localhost\r\n";
const corpus: [string, string, number][] = [
  ["garbage", "GARBAGE\r\n\r\n", 400],
  ["TLS", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003", 400],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
  ["a length that is none", `${head}Content-Length: abc\r\n\r\n`, 400],
  ["a length below zero", `${head}Content-Length: -1\r\n\r\n`, 400],
  ["a length of 2^64", `${head}Content-Length: 18446744073709551616\r\n\r\n`, 400],
  ["two lengths", `${head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, 400],
  ["a length and chunks", `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
  ["a chunk without a size", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
  ["half a body", `${head}Content-Length: 20\r\n\r\n{}`, 400],
  ["NUL in a header", `${head}X-A: a\u0000b\r\nContent-Length: 2\r\n\r\n{}`, 400],
  ["a control character in a header's name", `${head}X\u0001A: b\r\nContent-Length: 2\r\n\r\n{}`, 400],
  ["a header of 40 KB", `${head}X-A: ${"a".repeat(40_000)}\r\n\r\n`, 431],
  ["2,000 headers", `${head}${"X: y\r\n".repeat(20_000)}\r\n`, 431],
  ["a URL of 40 KB", `GET /${"a".repeat(40_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`, 431],
  [
    "an expectation that nobody knows",
    `${head}Expect: banana\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}`,
    400,
  ],
  [
    "an upgrade to a websocket",
    `${head}Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n`,
    400,
  ],
  ["a tunnel", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n", 400],
  ["a tunnel, and what goes through it", `CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n${"x".repeat(9999)}`, 400],
  ["a method that nobody knows", "BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
  ["a letter in the URL that is not escaped", "GET /\u00e9 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400],
  ["a bad escape in the URL", "GET /%zz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 400],
];

describe.each(["gateway", "adapter"] as const)("what is no HTTP at the %s", (service) => {
  it.each(corpus)("is refused: %s", async (_name, bytes, status) => {
    const answer = await send(stack[service].url, Buffer.from(bytes, "latin1"));
    expect(answer?.status).toBe(status);
    expectError(answer?.body ?? "");
  });
});

it.each([
  ["two lengths", `${head}Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}`, "Duplicate Content-Length"],
  ["a letter that is not escaped", "GET /\u00e9 HTTP/1.1\r\n\r\n", "Invalid char in url path"],
  ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/2 is not served here"],
  ["half a body", `${head}Content-Length: 20\r\n\r\n{}`, "The request ended before it was whole"],
])("what is wrong with it is told: %s", async (_name, bytes, words) => {
  expect((await send(stack.url, Buffer.from(bytes, "latin1")))?.body).toContain(words);
});

describe("what is no HTTP, behind a good request", () => {
  let count = 0;
  /** Each asks for something else: the answer of one whose connection has broken goes on, and may be joined. */
  const asked = (more: object) => {
    count += 1;
    const messages = [{ role: "user", content: `Question ${count}` }];
    const text = JSON.stringify(question({ ...more, messages }));
    return `${head}Content-Length: ${text.length}\r\n\r\n${text}`;
  };
  const bad: [string, string][] = [
    ["garbage", "GARBAGE\r\n\r\n"],
    ["a length that is none", `${head}Content-Length: abc\r\n\r\n`],
    ["a chunk without a size", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
    ["a tunnel", "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n"],
  ];
  const slow = [{ text: "one " }, { delayMs: 60_000 }, { text: "two" }];

  it.each(bad)("does not come in the middle of an answer: %s", async (_name, bytes) => {
    stack.ollama.script(slow);
    const socket = connectTo(stack.url);
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.write(asked({ stream: true }));
    await vi.waitFor(() => expect(received).toContain("content_block_delta"), 20_000);
    socket.write(bytes);
    await once(socket, "close");
    expect(received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
  });

  // Most often it is the rest of the same request, whose length was said too short: silence would not tell that.
  it.each(bad)("is refused before the good one's answer has begun: %s", async (_name, bytes) => {
    stack.ollama.script(slow);
    const socket = connectTo(stack.url);
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.write(asked({}));
    const isAsked = () => stack.ollama.requests.some(({ path }) => path === "/api/chat");
    await vi.waitFor(() => expect(isAsked()).toBe(true), 20_000);
    socket.write(bytes);
    await once(socket, "close");
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 400"]);
  });

  it("is refused where the good one has its answer", async () => {
    stack.ollama.script([{ text: "one" }]);
    const socket = connectTo(stack.url);
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString("latin1")));
    socket.write(asked({}));
    await vi.waitFor(() => expect(received).toContain("stop_reason"), 20_000);
    socket.write(bad[2]?.[1] ?? "");
    await once(socket, "close");
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 400"]);
  });
});

it("a request without a host is answered", async () => {
  expect((await send(stack.url, "GET / HTTP/1.1\r\nConnection: close\r\n\r\n"))?.status).toBe(200);
});

it("any bytes at the gateway are refused or end the connection", { timeout: 300_000 }, async () => {
  const line = fc.constantFrom(
    "GET / HTTP/1.1\r\n",
    head,
    "Host: localhost\r\n",
    "Content-Length: 5\r\n",
    "\r\n",
    "{}",
    "\n",
    "\u0000",

    "Transfer-Encoding: chunked\r\n",
    "5\r\nhello\r\n",
    "Connection: close\r\n",
    ": \r\n",
    "X-A: \u00ff\r\n",
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.array(line, { maxLength: 12 }).map((lines) => Buffer.from(lines.join(""), "latin1")),
  );
  await fc.assert(
    fc.asyncProperty(bytes, async (sent) => {
      const answer = await send(stack.url, sent);
      if (answer === undefined) return;
      expect(answer.status).toBeLessThan(500);
      if (answer.status >= 400) expect(answer.body).toContain('"type":"error"');
    }),
    { numRuns: 100 * thoroughness },
  );
  expect((await fetch(`${stack.url}/health/live`)).status).toBe(200);
});
