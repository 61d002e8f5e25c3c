import { expect, it } from "vitest";
import type { RedisConnection } from "../redis/redis-connection.js";
import type { Sealer } from "../sealing/sealer.js";
import { ChangeLog } from "./change-log.js";

const sealer = { seal: async (_name: string, value: Buffer) => value } as unknown as Sealer;
const logWith = (answer: unknown) =>
  new ChangeLog({ ask: async () => answer } as unknown as RedisConnection, sealer);

it("gives the id of a change", async () => {
  expect(await logWith(Buffer.from("1796063659469-0")).append({ keys: [] })).toBe("1796063659469-0");
});

it.each([["OK"], [null], [Buffer.from("")], [7]])("takes nothing else for an id: %j", async (answer) => {
  await expect(logWith(answer).append({ keys: [] })).rejects.toThrow("no id");
});
