import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { HttpClient } from "./http-client.js";

// Listens and never accepts, with no more room for connections: a new one is neither made nor refused.
const stopped = `const server = require("node:net").createServer();
server.listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  require("node:fs").writeSync(1, server.address().port + "\\n");
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

let child: ChildProcess;
let port: number;
const sockets: Socket[] = [];

beforeAll(async () => {
  child = spawn(process.execPath, ["-e", stopped], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = (await once(child.stdout!, "data")) as [Buffer];
  port = Number(line.toString());
  for (let count = 0; count < 8; count++) sockets.push(connect(port, "127.0.0.1").on("error", () => {}));
  await new Promise((resolve) => setTimeout(resolve, 200));
});

afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  child.kill("SIGKILL");
  await once(child, "exit");
});

it.each(["request", "stream"] as const)(
  "a connection that is not made ends a %s at its own limit",
  async (kind) => {
    const http = new HttpClient(`http://127.0.0.1:${port}`, 400);
    const startedAt = performance.now();
    await expect(http[kind]({ method: "GET", path: "/" })).rejects.toMatchObject({ fault: "timeout" });
    const waitedMs = performance.now() - startedAt;
    expect(waitedMs).toBeGreaterThan(350);
    expect(waitedMs).toBeLessThan(10_000);
  },
);
