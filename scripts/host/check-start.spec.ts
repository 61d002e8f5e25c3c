import { expect, it } from "vitest";
// @ts-expect-error a script without types
import { checkStart } from "./check-start.mjs";

const program = (name: string, port: number) => ({
  name,
  port,
  url: `http://127.0.0.1:${port}`,
  command: "node",
});

it("two programs on one port are a fault that names them", async () => {
  await expect(
    checkStart([program("cache", 1), program("gateway-1", 1), program("gateway-2", 2)]),
  ).rejects.toThrow(/^Port 1 is to be that of cache and gateway-1: see \.env$/);
  await checkStart([program("cache", 1), program("gateway", 2)]);
});
