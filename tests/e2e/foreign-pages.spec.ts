import { createHash } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, question, startStack } from "../support/stack.js";

const API_KEYS = `alice:${createHash("sha256").update("key-of-alice").digest("hex")}`;

interface Reply {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** `fetch` sets Host and Origin itself. */
function send(url: string, path: string, headers: Record<string, string>, body?: object): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(url + path, { method: body ? "POST" : "GET", headers }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece));
      answer.on("end", () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
      );
    });
    sent.on("error", reject).end(body && JSON.stringify(body));
  });
}

describe("web pages", () => {
  let open: Stack;
  let keyed: Stack;
  beforeAll(async () => {
    open = await startStack({ gateway: { ALLOWED_HOSTS: "gpu.example.com,*.lan" } });
    keyed = await startStack({ gateway: { API_KEYS } });
  });
  afterAll(async () => {
    await open.close();
    await keyed.close();
  });

  it.each<[string, Record<string, string>]>([
    ["a name that was made to point here", { host: "evil.example" }],
    ["such a name with the port", { host: "evil.example:8000" }],
    ["a name that looks like loopback", { host: "127.0.0.1.evil.example" }],
    ["a name that ends as an allowed one", { host: "evilgpu.example.com" }],
    ["a page elsewhere", { origin: "https://evil.example" }],
    ["a page without an origin", { origin: "null" }],
    ["a page with a foreign name and host", { host: "evil.example", origin: "http://evil.example" }],
    ["an extension", { origin: "chrome-extension://abcdefgh" }],
    [
      "a page that claims to be Claude Code",
      { origin: "https://evil.example", "anthropic-dangerous-direct-browser-access": "true" },
    ],
    ["a picture on a page", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" }],
  ])("refuses %s", async (_name, headers) => {
    for (const { url } of [open.gateway, open.cache, open.adapter]) {
      const reply = await send(url, "/health/live", headers);
      expect(reply.status).toBe(403);
      expect(JSON.parse(reply.body)).toMatchObject({ type: "error", error: { type: "permission_error" } });
      expect(reply.headers["x-should-retry"]).toBe("false");
    }
    const asked = await send(open.url, "/v1/messages", headers, question());
    expect(asked.status).toBe(403);
  });

  it.each<[string, Record<string, string>]>([
    ["localhost", { host: "localhost:8001" }],
    ["loopback", { host: "127.0.0.1:8001" }],
    ["loopback of IPv6", { host: "[::1]:8001" }],
    ["an address, which no name was made to point to", { host: "192.168.1.5:8000" }],
    ["the service's name", { host: "gateway:8000" }],
    ["an allowed name", { host: "GPU.example.com" }],
    ["a name below an allowed one", { host: "box.lan:8000" }],
    ["a page on this machine", { origin: "http://localhost:3000" }],
    ["a page of the service itself", { host: "10.0.0.7:8000", origin: "http://10.0.0.7:8000" }],
    ["a link on another page", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }],
    ["Claude Code", { "anthropic-dangerous-direct-browser-access": "true" }],
  ])("answers %s", async (_name, headers) => {
    expect((await send(open.url, "/health/live", headers)).status).toBe(200);
    expect((await send(open.url, "/v1/messages", headers, question())).status).toBe(200);
  });

  it("lets whoever has a valid key ask from anywhere", async () => {
    const foreign = { host: "evil.example", origin: "https://evil.example" };
    const asked = (key: string) =>
      send(keyed.url, "/v1/messages", { ...foreign, "x-api-key": key }, question());
    expect((await asked("key-of-alice")).status).toBe(200);
    expect((await asked("guess")).status).toBe(403);
  });

  it("is no source for other pages: no CORS", async () => {
    const origin = "http://localhost:3000";
    const reply = await send(open.url, "/", { origin });
    expect(Object.keys(reply.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    const preflight = await fetch(`${open.url}/v1/messages`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(404);
    expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
  });
});
