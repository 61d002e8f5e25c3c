import { describe, expect, it } from "vitest";
import { mapWebPage } from "./map-web-page.js";

const page = (title: string) =>
  `\n<!DOCTYPE html>\n<html>\r\n<head><title>${title}</title></head>\r\n<body>${"<p>x</p>".repeat(5000)}</body></html>`;

describe("mapWebPage", () => {
  it.each([
    [
      "a tunnel that has ended",
      404,
      page("Not found"),
      "api_error",
      'status 404 with a web page, "Not found"',
    ],
    ["a proxy that waits too long", 524, page(" x.example | 524 "), "api_error", "x.example | 524"],
    ["a body that it does not take", 413, "<html>", "request_too_large", "status 413 with a web page"],
    ["a proxy that limits", 429, page(""), "overloaded_error", "status 429 with a web page"],
    ["nobody behind the proxy", 503, page("503"), "overloaded_error", "503"],
    ["a request that it does not understand", 400, page("400"), "api_error", "400"],
  ])("%s", (_name, status, body, type, message) => {
    const error = mapWebPage("Ollama", status, body, 7);
    expect(error).toMatchObject({ type, shouldRetry: status !== 413, retryAfterSeconds: 7 });
    expect(error?.message).toContain(message);
    expect(error?.message.length).toBeLessThan(100);
  });

  it.each(["", "404 page not found", "a < b <html>", { error: "<html>" }, null])(
    "leaves what is none: %j",
    (body) => expect(mapWebPage("Ollama", 500, body)).toBeUndefined(),
  );
});
