import { spawnSync } from "node:child_process";
import { connect } from "node:net";
import { findFreePort } from "../../tests/support/free-ports.ts";

/** A real, empty Redis that keeps nothing on disk. Each target has a database of its own in it. */
export async function startRedis(children) {
  if (spawnSync("redis-server", ["--version"]).error)
    throw new Error("redis-server is not installed: the bare handler and the cache service need it");
  const port = await findFreePort();
  const pid = await children.start(
    "redis-server",
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", "."],
    { isUp: () => listens(port) },
  );
  let databases = 0;
  return { pid, port, takeDatabase: () => `redis://127.0.0.1:${port}/${databases++}` };
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
