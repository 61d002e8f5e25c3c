import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface LlamaServer {
  url: string;
  close(): Promise<void>;
}

/** As in install.sh. */
const version = "2026.10.11549";
const cache = process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache");
const python = join(cache, "llm-selfhost/llama-server", version, "bin/python");
const file = (name: string) => join(import.meta.dirname, name);

/** The scripted tiny model as a GGUF, and the program to serve it: both are there on CI. */
export const tinyGguf = process.env["TINY_GGUF"] ?? "";
export const hasLlamaServer = tinyGguf !== "" && existsSync(tinyGguf) && existsSync(python);

/** A real llama.cpp server with the scripted tiny model. @throws Error with what it wrote */
export async function startLlamaServer(windowTokens: number): Promise<LlamaServer> {
  const args = [file("serve.py"), tinyGguf, file("tiny.jinja"), String(windowTokens)];
  const server = spawn(python, args, { stdio: ["pipe", "pipe", "pipe"] });
  const log: string[] = [];
  server.stderr.setEncoding("utf8").on("data", (text: string) => log.push(text));
  const ended = once(server, "close");
  for await (const line of createInterface({ input: server.stdout })) {
    const url = /^listening (\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    server.stdout.resume();
    return {
      url,
      close: async () => {
        server.kill();
        await ended;
      },
    };
  }
  throw new Error(`llama.cpp's server does not start:\n${log.join("").slice(-2000)}`);
}
