import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toCanonicalRequest } from "#anthropic/canonical-request.js";
import type { ContentBlock } from "#anthropic/messages.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { toPdf } from "./__fixtures__/to-pdf.js";
import { SourcesService } from "./sources.service.js";

const pdf = readFileSync(new URL("./__fixtures__/two-pages.pdf", import.meta.url));
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);
const pages = "[Page 1 of 2]\nInvoice 4711\nTotal: 99.50 EUR\n\n[Page 2 of 2]\nThank you, Zoë.";

/** Seven million characters in a few kilobytes. */
const longPdf = toPdf(
  Buffer.from(`BT /F 0.1 Tf ${`1 0 0 1 9 9 Tm (${"a".repeat(1000)}) Tj\n`.repeat(7000)}ET`),
);

const files: Record<string, [type: string, bytes: Buffer | string]> = {
  "/a.pdf": ["application/pdf", pdf],
  "/download": ["application/octet-stream", pdf],
  "/a.txt": ["text/plain; charset=utf-8", "plain text"],
  "/long.txt": ["text/plain", Buffer.alloc(12 * 1024 * 1024, "a")],
  "/a.json": ["application/json", '{"a": 1}'],
  "/a.png": ["image/png", png],
  "/untyped.png": ["", png],
  "/page.html": ["text/html", "<p>hi</p>"],
  "/a.zip": ["application/zip", "PK"],
  "/fake.pdf": ["application/pdf", "<html>not found</html>"],
  "/latin1.txt": ["text/plain", Buffer.from([0x66, 0xfc, 0x72])],
};
let server: Server;
let base = "";
let fetching = 0;
let mostFetching = 0;
beforeAll(async () => {
  server = createServer(({ url = "" }, response) => {
    mostFetching = Math.max(mostFetching, ++fetching);
    response.once("close", () => (fetching -= 1));
    if (url === "/slow.txt") {
      response.setHeader("content-type", "text/plain");
      return void setTimeout(() => response.end("slow"), 300);
    }
    const [type, bytes] = files[url] ?? ["", ""];
    if (type !== "") response.setHeader("content-type", type);
    response.end(bytes);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  base = `http://localhost:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const serviceOf = (config: Partial<InferenceAdapterConfig> = {}) =>
  new SourcesService(
    Object.assign(new InferenceAdapterConfig(), { FETCH_PRIVATE_HOSTS: "localhost" }, config),
  );
const never = new AbortController().signal;
async function inline(content: unknown[], config?: Partial<InferenceAdapterConfig>): Promise<ContentBlock[]> {
  const request = toCanonicalRequest({
    model: "m",
    messages: [{ role: "user", content: content as ContentBlock[] }],
  });
  const before = structuredClone(request);
  const { messages } = await serviceOf(config).inline(request, never);
  expect(request).toEqual(before);
  return messages[0]?.content ?? [];
}

const text = (value: string) => ({ type: "text", text: value });
const image = (bytes: Buffer | string, media_type = "image/png") => ({
  type: "image",
  source: { type: "base64", media_type, data: typeof bytes === "string" ? bytes : bytes.toString("base64") },
});
const document = (source: object, fields: object = {}) => ({ type: "document", source, ...fields });
const base64 = (bytes: Buffer, media_type = "application/pdf") => ({
  type: "base64",
  media_type,
  data: bytes.toString("base64"),
});
const byUrl = (path: string) => ({ type: "url", url: path.startsWith("/") ? base + path : path });
const tagged = (inner: string) => text(`<document>\n${inner}\n</document>`);

describe("put into words", { timeout: 30_000 }, () => {
  it("a document of any number of blocks", async () => {
    const blocks = Array.from({ length: 100_000 }, () => [text("x"), image(png)]).flat();
    const read = await inline([document({ type: "content", content: blocks })]);
    expect(read.length).toBe(200_001);
  });

  it.each<[string, () => unknown, unknown[]]>([
    ["text", () => document({ type: "text", media_type: "text/plain", data: "D" }), [tagged("D")]],
    [
      "text with title and context",
      () => document({ type: "text", media_type: "text/plain", data: "D" }, { title: "T", context: "C" }),
      [tagged("<title>T</title>\n<context>C</context>\nD")],
    ],
    ["content as text", () => document({ type: "content", content: "D" }), [tagged("D")]],
    [
      "content as blocks, with images in their place",
      () => document({ type: "content", content: [text("a"), image(png), text("b")] }),
      [text("<document>\na"), image(png), text("b\n</document>")],
    ],
    ["a PDF", () => document(base64(pdf), { title: "T" }), [tagged(`<title>T</title>\n${pages}`)]],
    ["text as base64", () => document(base64(Buffer.from("größe"), "text/plain")), [tagged("größe")]],
    ["a PDF by its URL", () => document(byUrl("/a.pdf")), [tagged(pages)]],
    ["a PDF of no type", () => document(byUrl("/download")), [tagged(pages)]],
    ["text by its URL", () => document(byUrl("/a.txt")), [tagged("plain text")]],
    ["JSON by its URL", () => document(byUrl("/a.json")), [tagged('{"a": 1}')]],
    ["HTML by its URL", () => document(byUrl("/page.html")), [tagged("<p>hi</p>")]],
    ["an image by its URL", () => ({ type: "image", source: byUrl("/a.png") }), [image(png, "image/*")]],
    [
      "an image of no type",
      () => ({ type: "image", source: byUrl("/untyped.png") }),
      [image(png, "image/*")],
    ],
    [
      "a search result",
      () => ({ type: "search_result", source: "https://x", title: "T", content: [text("found")] }),
      [tagged("<title>T</title>\n<context>https://x</context>\nfound")],
    ],
    [
      "what stands inside a tool result, in its order",
      () => ({
        type: "tool_result",
        tool_use_id: "a",
        content: [text("one"), document(base64(pdf)), image(png), text("two")],
      }),
      [
        {
          type: "tool_result",
          tool_use_id: "toolu_1",
          content: [text("one"), tagged(pages), image(png), text("two")],
        },
      ],
    ],
    ["what is there already, as it is", () => image(png), [image(png)]],
    [
      "base64 in lines",
      () => image(`${png.toString("base64").slice(0, 40)}\n${png.toString("base64").slice(40)}`),
      [expect.objectContaining({ type: "image" })],
    ],
  ])("%s", async (_case, toBlock, expected) => {
    expect(await inline([toBlock()])).toEqual(expected);
  });

  it("nothing to be read: the same blocks", async () => {
    expect(await inline([text("hi"), { type: "from_the_future", x: 1 }])).toEqual([
      text("hi"),
      { type: "from_the_future", x: 1 },
    ]);
  });
});

it("few requests fetch at once", async () => {
  const service = serviceOf();
  const request = toCanonicalRequest({
    model: "m",
    messages: [{ role: "user", content: [document(byUrl("/slow.txt"))] as ContentBlock[] }],
  });
  mostFetching = 0;
  await Promise.all(Array.from({ length: 9 }, () => service.inline(request, never)));
  expect(mostFetching).toBe(4);
  const leaving = AbortSignal.timeout(20);
  const readers = Array.from({ length: 9 }, () => service.inline(request, leaving));
  await Promise.allSettled(readers);
  await service.inline(request, never);
});

describe("refused", () => {
  const gif = Buffer.from("GIF89a----");
  it.each<[string, () => unknown, string]>([
    [
      "base64 that is none",
      () => image("@@@@"),
      "messages.0.content.0.image.source.base64: invalid base64 data",
    ],
    ["no base64", () => image(""), "messages.0.content.0.image.source.base64: invalid base64 data"],
    [
      "base64 with a prefix",
      () => image(`data:image/png;base64,${png.toString("base64")}`),
      "invalid base64 data",
    ],
    ["base64 of a wrong length", () => image("AAAAA"), "invalid base64 data"],
    [
      "an image of another type",
      () => image(png, "image/tiff"),
      "image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
    ],
    [
      "an image that is another",
      () => image(gif, "image/png"),
      "Image does not match the provided media type image/png",
    ],
    [
      "an image that is none",
      () => image(Buffer.from("hello world!"), "image/png"),
      "Could not process image",
    ],
    [
      "an image that is too large",
      () => image(Buffer.concat([png, Buffer.alloc(10 * 1024 * 1024)])),
      "image exceeds 10 MB maximum",
    ],
    ["an image file", () => ({ type: "image", source: { type: "file", file_id: "f" } }), "no Files API"],
    ["a document file", () => document({ type: "file", file_id: "f" }), "no Files API"],
    ["an upload", () => ({ type: "container_upload", file_id: "f" }), "no Files API"],
    ["a source of the future", () => document({ type: "new" }), "Sources of this type are not supported"],
    ["a PDF that is none", () => document(base64(Buffer.from("hi"))), "The PDF specified was not valid."],
    ["bad base64 of a PDF", () => document({ ...base64(pdf), data: "%" }), "invalid base64 data"],
    ["a document of another type", () => document(base64(pdf, "application/zip")), "only PDF and text"],
    ["an archive by its URL", () => document(byUrl("/a.zip")), "only PDF and text"],
    ["a page that should be a PDF", () => document(byUrl("/fake.pdf")), "The PDF specified was not valid."],
    ["text in another encoding", () => document(byUrl("/latin1.txt")), "no UTF-8 text"],
    [
      "an image URL that leads to text",
      () => ({ type: "image", source: byUrl("/a.txt") }),
      "Could not process image",
    ],
    [
      "a URL into this network",
      () => document(byUrl("http://127.0.0.1:1/a.pdf")),
      "it does not lead to a public address",
    ],
    [
      "one inside a tool result, with its place",
      () => ({ type: "tool_result", tool_use_id: "a", content: [text("x"), image("@")] }),
      "messages.0.content.0.tool_result.content.1.image.source.base64: invalid base64 data",
    ],
  ])("%s", async (_case, toBlock, message) => {
    await expect(inline([toBlock()])).rejects.toMatchObject({
      type: "invalid_request_error",
      message: expect.stringContaining(message) as string,
    });
  });

  it("URLs, where they are not to be fetched", async () => {
    await expect(inline([document(byUrl("/a.txt"))], { FETCH_URLS: false })).rejects.toMatchObject({
      message: expect.stringContaining("URLs are not fetched here") as string,
    });
  });

  it.each<[string, () => unknown]>([
    ["URLs", () => document(byUrl("/long.txt"))],
    ["texts in base64", () => document(base64(Buffer.alloc(12 * 1024 * 1024, "a"), "text/plain"))],
    ["small PDFs with much text", () => document(base64(longPdf))],
  ])(
    "more from %s than a request's body could hold",
    async (_case, toBlock) => {
      await inline([toBlock()]);
      await expect(inline(Array.from({ length: 5 }, toBlock))).rejects.toMatchObject({
        type: "invalid_request_error",
        message: expect.stringContaining("may be 32 MB in one request") as string,
      });
    },
    60_000,
  );

  it("more URLs than one request needs", async () => {
    const many = Array.from({ length: 21 }, () => document(byUrl("/a.txt")));
    await expect(inline(many)).rejects.toMatchObject({
      message: expect.stringContaining("A maximum of 20 URLs") as string,
    });
  });
});
