import { describe, expect, it } from "vitest";
import { parseOllamaHost } from "./parse-ollama-host.js";

describe("OLLAMA_HOST", () => {
  it.each([
    ["localhost:11434", "http://localhost:11434"],
    ["localhost", "http://localhost:11434"],
    ["localhost:", "http://localhost:11434"],
    [":8080", "http://127.0.0.1:8080"],
    ["", "http://127.0.0.1:11434"],
    ["  gpu-1.example.org:1234  ", "http://gpu-1.example.org:1234"],
    ['"gpu:1234"', "http://gpu:1234"],
    ["http://gpu", "http://gpu:80"],
    ["https://gpu", "https://gpu:443"],
    ["HTTPS://gpu", "https://gpu:443"],
    ["http://gpu:11434", "http://gpu:11434"],
    ["http://gpu:11434/", "http://gpu:11434"],
    ["http://", "http://127.0.0.1:80"],
    ["https://proxy.example.org/ollama", "https://proxy.example.org:443/ollama"],
    ["gpu:1/a/b/", "http://gpu:1/a/b"],
    ["0.0.0.0", "http://127.0.0.1:11434"],
    ["0.0.0.0:8080", "http://127.0.0.1:8080"],
    ["http://0.0.0.0:11434", "http://127.0.0.1:11434"],
    ["192.168.1.2", "http://192.168.1.2:11434"],
    ["::1", "http://[::1]:11434"],
    ["[::1]", "http://[::1]:11434"],
    ["[::1]:8080", "http://[::1]:8080"],
    ["::", "http://[::1]:11434"],
    ["[::]:11434", "http://[::1]:11434"],
    ["http://[fe80::2]:80", "http://[fe80::2]:80"],
    ["gpu:0", "http://gpu:0"],
    ["gpu:65535", "http://gpu:65535"],
  ])("%j is %s", (text, url) => {
    expect(parseOllamaHost(text)).toBe(url);
    expect(URL.canParse(url)).toBe(true);
  });

  it.each([
    "gpu:65536",
    "gpu:port",
    "gpu:1:2",
    "local host",
    "ftp://gpu",
    "gpu:1x",
    "http://user:secret@gpu",
    "gpu?x",
    "gpu#x",
    "[gpu]",
    "[::1",
    "::zz",
    "a%zz",
    "a<b",
  ])("%j is refused", (text) => {
    expect(() => parseOllamaHost(text)).toThrow(/must be a host, host:port or URL/);
  });
});
