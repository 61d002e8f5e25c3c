import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { SourceClient, type SourceClientOptions } from "./source.client.js";

let server: Server;
let port = 0;
let handle: RequestListener;
let visits: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    visits.push(request.url ?? "");
    handle(request, response);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});
afterEach(() => (visits = []));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const never = new AbortController().signal;
const clientOf = (options: Partial<SourceClientOptions> = {}) =>
  new SourceClient({ privateHosts: new Set(["files.test", "localhost"]), timeoutMs: 5000, ...options });
/** A client that may reach the server here as `localhost`. */
const fetchHere = (path: string, maxBytes = 1000, options: Partial<SourceClientOptions> = {}) =>
  clientOf(options).fetch(`http://localhost:${port}${path}`, maxBytes, never);
const refused = (reason: string) => ({
  type: "invalid_request_error",
  message: `Unable to download the file. Please verify the URL and try again: ${reason}`,
});
const notPublic = refused("it does not lead to a public address");

describe("a URL", () => {
  it("is fetched, with its type", async () => {
    handle = (_request, response) =>
      response.writeHead(200, { "content-type": "Text/Plain; charset=utf-8" }).end("hello");
    expect(await fetchHere("/a?b=c")).toEqual({ bytes: Buffer.from("hello"), mediaType: "text/plain" });
    expect(visits).toEqual(["/a?b=c"]);
  });

  it.each([
    "ftp://example.com/a",
    "file:///etc/passwd",
    "data:text/plain,a",
    "gopher://example.com",
    "/etc/passwd",
    "",
    "http://",
  ])("of another kind is refused: %s", async (url) => {
    await expect(clientOf().fetch(url, 1000, never)).rejects.toMatchObject(
      refused("only http and https URLs are fetched"),
    );
  });

  it("with a password is refused", async () => {
    await expect(clientOf().fetch("http://a:b@example.com/", 1000, never)).rejects.toMatchObject(
      refused("URLs with a password are not fetched"),
    );
  });

  it.each([
    "http://127.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://[::1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[::ffff:7f00:1]:PORT/",
    "http://0.0.0.0:PORT/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/",
    "http://10.0.0.1/",
    "http://localhost:PORT/",
    "http://LOCALHOST.:PORT/",
  ])("into this network is refused: %s", async (url) => {
    const client = clientOf({ privateHosts: new Set() });
    await expect(client.fetch(url.replace("PORT", String(port)), 1000, never)).rejects.toMatchObject({
      type: "invalid_request_error",
      message: expect.stringMatching(/public address|no such host/) as string,
    });
    expect(visits).toEqual([]);
  });

  it.each<[string, string[]]>([
    ["leads inside", ["127.0.0.1"]],
    ["leads inside too", ["93.184.216.34", "10.0.0.1"]],
    ["leads inside by IPv6", ["::ffff:127.0.0.1"]],
    ["leads nowhere", []],
  ])("whose name %s is refused", async (_case, addresses) => {
    const client = clientOf({
      resolve: async () => addresses.map((address) => ({ address, family: address.includes(":") ? 6 : 4 })),
    });
    await expect(client.fetch(`http://evil.test:${port}/`, 1000, never)).rejects.toMatchObject(notPublic);
    expect(visits).toEqual([]);
  });

  it.each([
    ["itself", "http://93.184.216.34:PORT/"],
    ["itself by IPv6", "http://[2606:2800:220:1:0:0:0:1]:PORT/"],
    ["a name of it", "http://own.test:PORT/"],
  ])("that leads to this machine's public address is refused: %s", async (_case, url) => {
    const client = clientOf({
      resolve: async () => [{ address: "93.184.216.34", family: 4 }],
      isOwn: (address) => ["93.184.216.34", "2606:2800:220:1::1"].includes(address),
    });
    await expect(client.fetch(url.replace("PORT", String(port)), 1000, never)).rejects.toMatchObject(
      notPublic,
    );
  });

  it("is resolved once: a name that leads elsewhere a moment later finds nobody", async () => {
    let resolutions = 0;
    const client = clientOf({
      timeoutMs: 500,
      resolve: async () => {
        resolutions += 1;
        return [{ address: resolutions === 1 ? "192.0.43.8" : "127.0.0.1", family: 4 }];
      },
    });
    await expect(client.fetch(`http://rebind.test:${port}/`, 1000, never)).rejects.toMatchObject({
      type: "invalid_request_error",
    });
    expect(resolutions).toBe(1);
    expect(visits).toEqual([]);
  });
});

describe("a redirect", () => {
  it("is followed", async () => {
    handle = ({ url }, response) =>
      url === "/a" ? response.writeHead(302, { location: "/b" }).end() : response.end("there");
    expect((await fetchHere("/a")).bytes.toString()).toBe("there");
    expect(visits).toEqual(["/a", "/b"]);
  });

  it.each<[string, string, object]>([
    ["into this network", "http://127.0.0.1:PORT/inside", notPublic],
    ["to the metadata", "http://169.254.169.254/", notPublic],
    ["to a file", "file:///etc/passwd", refused("only http and https URLs are fetched")],
    ["in a circle", "/a", refused("it is redirected more than 3 times")],
  ])("%s is refused", async (_case, location, error) => {
    handle = (_request, response) =>
      response.writeHead(301, { location: location.replace("PORT", String(port)) }).end();
    await expect(fetchHere("/a")).rejects.toMatchObject(error);
    expect(visits).not.toContain("/inside");
  });
});

describe("an answer", () => {
  it.each<[string, RequestListener, string]>([
    [
      "of another status",
      (_, response) => response.writeHead(404).end("x"),
      "the server answered with status 404",
    ],
    [
      "said to be too large",
      (_, response) => response.writeHead(200, { "content-length": 5000 }).end(),
      "it is larger than",
    ],
    ["that is too large", (_, response) => response.end("x".repeat(5000)), "it is larger than"],
    [
      "that is too large, in pieces",
      (_, response) => {
        response.write("x".repeat(900));
        response.end("x".repeat(900));
      },
      "it is larger than",
    ],
    [
      "that is packed",
      (_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"),
      "the server sends it compressed",
    ],
    [
      "that breaks off",
      (_, response) => {
        response.writeHead(200, { "content-length": 500 }).write("x");
        setTimeout(() => response.destroy(), 50);
      },
      "",
    ],
    ["that never comes", () => {}, "it takes too long"],
    [
      "that never ends",
      (_, response) => {
        const timer = setInterval(() => response.write("x"), 20);
        response.once("close", () => clearInterval(timer));
      },
      "it takes too long",
    ],
  ])("%s is refused", async (_case, handler, reason) => {
    handle = handler;
    await expect(fetchHere("/", 1024, { timeoutMs: 600 })).rejects.toMatchObject({
      type: "invalid_request_error",
      message: expect.stringContaining(reason) as string,
    });
  });

  it("of nobody is refused, without telling what is there", async () => {
    const client = clientOf({ timeoutMs: 2000 });
    await expect(client.fetch("http://localhost:1/", 1000, never)).rejects.toMatchObject(
      refused("the server cannot be reached"),
    );
  });

  it("nobody waits for any more is broken off", async () => {
    handle = () => {};
    const leaving = new AbortController();
    const fetching = clientOf().fetch(`http://localhost:${port}/`, 1000, leaving.signal);
    setTimeout(() => leaving.abort(new Error("gone")), 50);
    await expect(fetching).rejects.toThrow("gone");
  });
});
