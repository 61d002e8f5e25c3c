import { Module } from "@nestjs/common";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { startTestService } from "./__fixtures__/start-test-service.js";

@Module({})
class EmptyModule {}

const clients = 700;
/** In `/proc/net/tcp`: the connection was asked for, and nobody has taken it. */
const synSent = "02";

/** The kernel's own limit; old ones have 128. */
const mostWaiting = () => Number(readFileSync("/proc/sys/net/core/somaxconn", "utf8"));

it.runIf(process.platform === "linux" && mostWaiting() >= clients)(
  "a service that is busy has room for many new connections",
  async () => {
    const service = await startTestService(EmptyModule);
    const port = Number(new URL(service.url).port);
    // In one turn of the event loop: none of them is accepted meanwhile.
    const sockets = Array.from({ length: clients }, () => connect(port, "127.0.0.1").on("error", () => {}));
    onTestFinished(async () => {
      for (const socket of sockets) socket.destroy();
      await service.close();
    });
    await new Promise<void>((resolve) => process.nextTick(resolve));
    // In this turn still. A busy kernel needs a moment; what it has turned away it tries again after a second.
    const until = performance.now() + 500;
    while (countTo(port, synSent) > 0 && performance.now() < until);
    expect(countTo(port, synSent)).toBe(0);
  },
);

function countTo(port: number, state: string): number {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = readFileSync("/proc/net/tcp", "utf8").split("\n").slice(1);
  return lines
    .map((line) => line.trim().split(/\s+/))
    .filter(([, , to, now]) => to?.endsWith(remote) && now === state).length;
}
