import { expect, it } from "vitest";
// @ts-expect-error a script without types
import { Keeper } from "./keeper.mjs";

interface Kept {
  run(): void;
  stop(): Promise<void>;
  describe(): { state: string };
}

it("waits for somebody else's program that has gone where there is none to start", async () => {
  let isThere = true;
  const program = { name: "ollama", command: undefined, args: [], isElsewhere: async () => isThere };
  const options = { env: {}, stdio: ["ignore", "ignore"], onChange: () => {}, log: () => {} };
  const keeper = new Keeper(program, options) as Kept;
  keeper.run();
  const becomes = (state: string) =>
    expect.poll(() => keeper.describe().state, { timeout: 20_000 }).toBe(state);
  await becomes("elsewhere");
  isThere = false;
  await becomes("waiting");
  isThere = true;
  await becomes("elsewhere");
  await keeper.stop();
  await becomes("ended");
}, 60_000);
