import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, vi } from "vitest";
import type { Store } from "#service-contracts/cache-store.js";
import type { StoredEntry } from "#service-contracts/stored-entry.js";
import type { AnsweringModel, ReplacedModels } from "../models/replaced-models.js";
import type { EntryStore } from "./entry-store.js";
import { PendingStores } from "./pending-stores.js";

const model: AnsweringModel = { name: "tiny:latest", fingerprint: "f1" };
const storeOf = (key: string, text = key, ttlSeconds = 60): Store => ({
  key,
  ttlSeconds,
  request: { entry: entryOf(text), tenant: "-" },
});

function entryOf(text: string): StoredEntry {
  const message = { content: [{ type: "text", text }] };
  return { servedModel: text, storedAt: Date.now(), message } as unknown as StoredEntry;
}

/** Answers when it is told to. */
class SlowEntries implements EntryStore {
  readonly asked: { keys: string[]; ttls: number[]; end: (stored: boolean[] | Error) => void }[] = [];

  /** Whether there is somebody to store them; until then only the end of the gateway hurries. */
  reachable = Promise.resolve();

  find(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  untilReachable(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener("abort", () => resolve());
    return Promise.race([this.reachable, promise]);
  }

  put(stores: readonly Store[]): Promise<boolean[]> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean[]>();
    const end = (stored: boolean[] | Error) => (stored instanceof Error ? reject(stored) : resolve(stored));
    const [keys, ttls] = [stores.map(({ key }) => key), stores.map(({ ttlSeconds }) => ttlSeconds)];
    this.asked.push({ keys, ttls, end });
    return promise;
  }

  async untilAsked(times: number) {
    await vi.waitFor(() => expect(this.asked).toHaveLength(times), { timeout: 10_000, interval: 1 });
    return this.asked;
  }
}

function start() {
  const entries = new SlowEntries();
  const replaced = new Set<string>();
  const models = {
    find:
      async () =>
      ({ name }: AnsweringModel) =>
        replaced.has(name),
  } as unknown as ReplacedModels;
  return { entries, replaced, pending: new PendingStores(entries, models) };
}

describe("stores on their way", () => {
  it("go by themselves, those of one moment together", async () => {
    const { entries, pending } = start();
    const stored = ["a", "b"].map((key) => pending.add(storeOf(key), model));
    const [first] = await entries.untilAsked(1);
    expect(first?.keys).toEqual(["a", "b"]);
    first?.end([true, false]);
    expect(await Promise.all(stored)).toEqual([true, false]);
  });

  it("do not go where another model has the name of the one that answered", async () => {
    const { entries, pending, replaced } = start();
    replaced.add("moved");
    const stored = [pending.add(storeOf("a"), { ...model, name: "moved" }), pending.add(storeOf("b"), model)];
    const [first] = await entries.untilAsked(1);
    expect(first?.keys).toEqual(["b"]);
    first?.end([true]);
    expect(await Promise.all(stored)).toEqual([false, true]);
    expect(await pending.add(storeOf("c"), { ...model, name: "moved" })).toBe(false);
    expect(entries.asked).toHaveLength(1);
    expect(pending.find("a")).toBeUndefined();
  });

  it("wait for no answer to those before them", async () => {
    const { entries, pending } = start();
    void pending.add(storeOf("a"), model);
    await entries.untilAsked(1);
    void pending.add(storeOf("b"), model);
    expect((await entries.untilAsked(2))[1]?.keys).toEqual(["b"]);
  });

  it("are no more together than the cache service takes well", async () => {
    const { entries, pending } = start();
    for (let number = 0; number < 70; number++) void pending.add(storeOf(`${number}`), model);
    const asked = await entries.untilAsked(3);
    expect(asked.map(({ keys }) => keys.length)).toEqual([32, 32, 6]);
    expect(asked.flatMap(({ keys }) => keys)).toEqual(Array.from({ length: 70 }, (_, number) => `${number}`));
  });

  it("are found until they are there", async () => {
    const { entries, pending } = start();
    expect(pending.find("a")).toBeUndefined();
    const stored = pending.add(storeOf("a"), model);
    expect(pending.find("a")?.servedModel).toBe("a");
    (await entries.untilAsked(1))[0]?.end([true]);
    await stored;
    expect(pending.find("a")).toBeUndefined();
  });

  it("are not found after their time", async () => {
    const { pending } = start();
    const store = storeOf("a");
    store.request.entry.storedAt -= 60_000;
    void pending.add(store, model);
    expect(pending.find("a")).toBeUndefined();
  });

  it("wait for nothing when the gateway is closing", async () => {
    const { entries, pending } = start();
    await pending.onApplicationShutdown();
    void pending.add(storeOf("a"), model);
    void pending.add(storeOf("b"), model);
    const asked = await entries.untilAsked(2);
    expect(asked.map(({ keys }) => keys)).toEqual([["a"], ["b"]]);
  });

  it("wait for somebody who can store them, are found meanwhile, and may be forgotten", async () => {
    const { entries, pending } = start();
    const { promise, resolve } = Promise.withResolvers<void>();
    entries.reachable = promise;
    for (const key of ["a", "b"]) void pending.add(storeOf(key), model);
    await sleep(100);
    expect(entries.asked).toEqual([]);
    expect(pending.find("a")?.servedModel).toBe("a");
    pending.forget({ model: "b" });
    resolve();
    expect((await entries.untilAsked(1))[0]?.keys).toEqual(["a"]);
  });

  it("are tried at once when the gateway closes", async () => {
    const { entries, pending } = start();
    entries.reachable = new Promise(() => {});
    void pending.add(storeOf("a"), model);
    await sleep(20);
    const closed = pending.onApplicationShutdown();
    (await entries.untilAsked(1))[0]?.end([false]);
    await closed;
  });

  it("are found until they are given up", async () => {
    const { entries, pending } = start();
    const stored = pending.add(storeOf("a"), model);
    (await entries.untilAsked(1))[0]?.end(new Error("gone"));
    expect(await stored).toBe(false);
    expect(pending.find("a")).toBeUndefined();
  });

  it("of one key: the last one is found, until it is there itself", async () => {
    const { entries, pending } = start();
    const first = pending.add(storeOf("a"), model);
    const [asked] = await entries.untilAsked(1);
    const newer = storeOf("a");
    void pending.add(newer, model);
    asked?.end([true]);
    await first;
    expect(pending.find("a")).toBe(newer.request.entry);
  });

  it("of one answer, by those who joined it, are one, for the longest that anybody asks for", async () => {
    const { entries, pending } = start();
    const stored = [1, 60, 5].map((seconds) => pending.add(storeOf("a", "answer", seconds), model));
    const [asked] = await entries.untilAsked(1);
    expect(asked).toMatchObject({ keys: ["a"], ttls: [60] });
    asked?.end([true]);
    expect(await Promise.all(stored)).toEqual([true, true, true]);
  });

  it("of another answer under the same key go behind", async () => {
    const { entries, pending } = start();
    void pending.add(storeOf("a", "one"), model);
    void pending.add(storeOf("a", "other"), model);
    expect((await entries.untilAsked(1))[0]?.keys).toEqual(["a", "a"]);
    expect(pending.find("a")?.servedModel).toBe("other");
  });

  it("do not go when they are forgotten, older ones of a key neither, but those after them do", async () => {
    const { entries, pending } = start();
    const forgotten = ["one", "other"].map((text) => pending.add(storeOf("a", text), model));
    pending.forget({});
    expect(pending.find("a")).toBeUndefined();
    const kept = pending.add(storeOf("a"), model);
    const [asked] = await entries.untilAsked(1);
    expect(asked?.keys).toEqual(["a"]);
    asked?.end([false]);
    // Nothing failed where nothing was to be stored.
    expect(await Promise.all([...forgotten, kept])).toEqual([true, true, false]);
  });

  it("are forgotten where a filter means them", async () => {
    const { entries, pending } = start();
    for (const key of ["a:latest", "b:latest"]) void pending.add(storeOf(key), model);
    for (const filter of [{ model: "a" }, { tenant: "alice" }, { storedBefore: Date.now() - 60_000 }])
      pending.forget(filter);
    expect((await entries.untilAsked(1))[0]?.keys).toEqual(["b:latest"]);
  });

  it.each(["settle", "onApplicationShutdown"] as const)(
    "%s sends them and waits for them",
    async (method) => {
      const { entries, pending } = start();
      void pending.add(storeOf("a"), model);
      let isSettled = false;
      const settled = pending[method]().then(() => (isSettled = true));
      await entries.untilAsked(1);
      await sleep(20);
      expect(isSettled).toBe(false);
      entries.asked[0]?.end([true]);
      await settled;
      await pending.settle();
      expect(entries.asked).toHaveLength(1);
    },
  );
});
