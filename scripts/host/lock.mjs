import { createHash } from "node:crypto";
import { realpathSync } from "node:fs";
import { createServer } from "node:net";
import { root } from "../root.mjs";

/** A name in Linux' abstract namespace: the kernel gives it back when the process has ended, however it ended. */
const address = `\0llm-selfhost-${createHash("sha256").update(realpathSync(root)).digest("hex").slice(0, 32)}`;

/** Held as long as this process lives, so that two starts at once make one stack. @returns false: another holds it */
export function takeLock() {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error) => (error.code === "EADDRINUSE" ? resolve(false) : reject(error)));
    server.listen(address, () => {
      server.unref();
      resolve(true);
    });
  });
}
