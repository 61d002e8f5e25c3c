import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { readBody } from "./read-body.js";
import { readOut } from "./read-out.js";

async function open(answer: (response: ServerResponse) => void): Promise<IncomingMessage> {
  const server = createServer((_request, response) => answer(response)).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    get({ port, host: "127.0.0.1" }, (body) => {
      body.on("error", () => undefined);
      resolve(body);
    }).on("error", reject);
  });
}

async function textOf(body: IncomingMessage, perChunk = async () => {}): Promise<string> {
  let text = "";
  for await (const chunk of readBody(body)) {
    text += Buffer.from(chunk).toString();
    await perChunk();
  }
  return text;
}

describe("readBody", () => {
  it("gives all bytes, as they come", async () => {
    const body = await open((response) => {
      response.write("a");
      setTimeout(() => response.end("b"), 20);
    });
    expect(await textOf(body)).toBe("ab");
  });

  it("ends at once where nothing comes, and where all has been read", async () => {
    const body = await open((response) => response.end());
    expect(await textOf(body)).toBe("");
    expect(await textOf(body)).toBe("");
  });

  it("gives what came before the connection broke, then throws", async () => {
    const body = await open((response) => {
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    });
    const chunks: string[] = [];
    const read = async () => {
      for await (const chunk of readBody(body)) chunks.push(Buffer.from(chunk).toString());
    };
    await expect(read()).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(chunks).toEqual(["half"]);
  });

  it("throws where the body was destroyed, with its reason or without one", async () => {
    const forever = (response: ServerResponse) => void response.write("a");
    const gone = await open(forever);
    gone.destroy();
    await expect(textOf(gone)).rejects.toThrow("broke off");
    const broken = await open(forever);
    setTimeout(() => broken.destroy(new Error("silent for too long")), 20);
    await expect(textOf(broken)).rejects.toThrow("silent for too long");
  });

  it("holds a sender up whose reader is slow, and loses nothing", async () => {
    const length = 32 * 1024 * 1024;
    let isSent = false;
    const body = await open((response) => {
      response.end("x".repeat(length));
      response.on("finish", () => (isSent = true));
    });
    let chunks = 0;
    const text = await textOf(body, async () => {
      chunks += 1;
      if (chunks > 1) return;
      await sleep(300);
      expect(isSent).toBe(false);
    });
    expect(text.length).toBe(length);
  });

  it("leaves a body that is not read to its end to be read out, and its connection whole", async () => {
    const body = await open((response) => {
      response.write("a");
      setTimeout(() => response.end("b"), 50);
    });
    for await (const chunk of readBody(body)) if (chunk.length > 0) break;
    expect(body.destroyed).toBe(false);
    readOut(body);
    await new Promise((resolve) => body.once("close", resolve));
    expect(body.errored).toBe(null);
    expect(body.readableEnded).toBe(true);
  });
});
