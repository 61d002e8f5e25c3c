import { once } from "node:events";
import { createServer } from "node:net";

/** Below the range that Linux and macOS take ports from by themselves, else any other test may get one meanwhile. */
const [first, last] = [20_000, 32_000];

/** Ports on loopback that nobody listens on now, all different. */
export async function findFreePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = first + Math.floor(Math.random() * (last - first));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

export async function findFreePort(): Promise<number> {
  const [port] = await findFreePorts(1);
  return port as number;
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer();
  const listens = await new Promise<boolean>((resolve) => {
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => resolve(true));
  });
  if (listens) await once(probe.close(), "close");
  return listens;
}
