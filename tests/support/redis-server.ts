import { execFile, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { findFreePort } from "./free-ports.js";

const run = promisify(execFile);

/** For `describe.skipIf`: without the program the suite is skipped, except in CI, where it then fails. */
export const isRedisMissing =
  !process.env["CI"] && spawnSync("redis-server", ["--version"]).error !== undefined;

export interface RedisServer {
  port: number;
  /** Asks a running server; gives what `redis-cli` prints. */
  cli(...args: string[]): Promise<string>;
  /** It hangs: connections stay, nothing is answered. */
  pause(): void;
  resume(): void;
  /** As a crash would: no goodbye to clients. */
  kill(): Promise<void>;
  /** Also of a paused or killed server. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** By default a free one. */
  port?: number;
  password?: string;
  /** Comes before the arguments, as that of a sentinel must. */
  configFile?: string;
  args?: string[];
}

/** Starts a real, empty Redis that keeps nothing on disk. A free port that somebody took meanwhile is another one. */
export async function startRedisServer(options: RedisServerOptions = {}): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++)
    try {
      return await startOnPort(options.port ?? (await findFreePort()), options);
    } catch (error) {
      if (options.port !== undefined || attempt === 3) throw error;
    }
}

async function startOnPort(port: number, options: RedisServerOptions): Promise<RedisServer> {
  const directory = await mkdtemp(join(tmpdir(), "llm-selfhost-redis-"));
  const password = options.password === undefined ? [] : ["--requirepass", options.password];
  const place = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", directory];
  const child = spawn(
    "redis-server",
    [...(options.configFile ? [options.configFile] : []), ...place, ...password, ...(options.args ?? [])],
    { stdio: "ignore" },
  );
  const exited = Promise.race([once(child, "exit"), once(child, "error")]).catch(() => {});
  const kill = async () => {
    child.kill("SIGKILL");
    await exited;
  };
  const killAtExit = () => child.kill("SIGKILL");
  process.once("exit", killAtExit);
  const auth = options.password === undefined ? [] : ["--no-auth-warning", "-a", options.password];
  const server: RedisServer = {
    port,
    cli: async (...args) =>
      (await run("redis-cli", ["-p", String(port), ...auth, ...args], { timeout: 10_000 })).stdout.trim(),
    pause: () => void child.kill("SIGSTOP"),
    resume: () => void child.kill("SIGCONT"),
    kill,
    stop: async () => {
      await kill();
      process.off("exit", killAtExit);
      await rm(directory, { recursive: true, force: true });
    },
  };
  await waitUntilAnswering(server, () => child.exitCode !== null || child.pid === undefined);
  return server;
}

async function waitUntilAnswering(server: RedisServer, isGone: () => boolean): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline && !isGone()) {
    if (/^(PONG|LOADING)/.test(await server.cli("PING").catch(() => ""))) return;
    await sleep(50);
  }
  await server.stop();
  throw new Error("redis-server did not start");
}
