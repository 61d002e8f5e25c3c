import { createHash } from "node:crypto";
import type { ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { pino } from "pino";
import { Registry } from "prom-client";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { KeyFilter } from "#service-contracts/key-filter.js";
import { startServer, type TestServer } from "../__fixtures__/start-server.js";
import { GatewayConfig } from "../gateway.config.js";
import { NearTier } from "./near-tier.js";
import { StoredKeys } from "./stored-keys.js";

const patience = { timeout: 10_000, interval: 10 };
const keyOf = (name: string) => createHash("sha256").update(name).digest("hex");
const [old, young, none] = ["old", "young", "none"].map(keyOf) as [string, string, string];

const filterOf = (...keys: string[]) => {
  const filter = new KeyFilter();
  for (const key of keys) filter.add(key);
  return String(filter);
};
const tell =
  (body: unknown, status = 200) =>
  (_: unknown, response: ServerResponse) =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const whole = tell({ instance: "one", filter: filterOf(old) });

/** A cache service that tells its keys, and a gateway that hears its changes. */
async function start(answer: TestServer["answer"] = whole) {
  const server = await startServer(answer, onTestFinished);
  const config = Object.assign(new GatewayConfig(), { CACHE_URL: server.url });
  const near = new NearTier(config, new Registry());
  const stored = new StoredKeys(config, near, pino({ level: "silent" }));
  onTestFinished(() => stored.onApplicationShutdown());
  near.beginFollowing("one");
  stored.begin("one");
  const isMissing = (key: string) => {
    near.heard();
    // One of 16 is asked for in any case.
    return [1, 2].some(() => stored.isMissing(key));
  };
  const untilKnown = () => vi.waitFor(() => expect(isMissing(none)).toBe(true), patience);
  const untilAsked = (times: number) =>
    vi.waitFor(() => expect(server.requests).toHaveLength(times), patience);
  return { server, near, stored, isMissing, untilKnown, untilAsked };
}

describe("StoredKeys", () => {
  it("knows what is not there", async () => {
    const { isMissing, untilKnown, server } = await start();
    expect(isMissing(none)).toBe(false);
    await untilKnown();
    expect(isMissing(old)).toBe(false);
    expect(server.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      "GET /stored-keys?instance=one",
    ]);
  });

  it("has some asked for all the same", async () => {
    const { stored, untilKnown } = await start();
    await untilKnown();
    const asked = Array.from({ length: 160 }, () => stored.isMissing(none)).filter((isMissing) => !isMissing);
    expect(asked).toHaveLength(10);
  });

  it.each<[string, TestServer["answer"]]>([
    ["has no such route", tell({ type: "error" }, 404)],
    ["does not hear of the others", tell({ type: "error" }, 529)],
    ["is another one", tell({ instance: "two", filter: filterOf(old) })],
    ["tells half of them", tell({ instance: "one", filter: filterOf(old).slice(0, 1000) })],
    ["tells nothing", tell(null)],
    ["breaks off", (_, response) => void response.destroy()],
  ])("has everything asked for where the cache service %s, until it tells", async (_name, answer) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { server, isMissing, untilAsked, untilKnown } = await start(answer);
    await untilAsked(1);
    await sleep(50);
    expect(isMissing(none)).toBe(false);
    server.answer = whole;
    vi.advanceTimersByTime(10_000);
    await untilKnown();
  });

  it("knows what comes, while it asks too", async () => {
    let answer = () => {};
    const { stored, isMissing, untilAsked, untilKnown } = await start((request, response) => {
      answer = () => whole(request, response);
    });
    await untilAsked(1);
    stored.add([young]);
    answer();
    await untilKnown();
    expect(isMissing(young)).toBe(false);
    expect(isMissing(keyOf("younger"))).toBe(true);
    stored.add([keyOf("younger")]);
    expect(isMissing(keyOf("younger"))).toBe(false);
  });

  it("has everything asked for while it is told anew, or does not hear what comes", async () => {
    const { server, near, stored, isMissing, untilAsked, untilKnown } = await start();
    await untilKnown();
    server.answer = () => {};
    for (let times = 0; times < 5; times++) stored.beginAnew();
    expect(isMissing(none)).toBe(false);
    await untilAsked(2);
    await sleep(50);
    expect(server.requests).toHaveLength(2);
    expect(isMissing(none)).toBe(false);
    server.answer = whole;
    stored.begin("one");
    await untilKnown();
    near.endFollowing();
    expect(isMissing(none)).toBe(false);
    near.beginFollowing("one");
    expect(isMissing(none)).toBe(true);
    stored.end();
    expect(isMissing(none)).toBe(false);
  });

  it("is told anew every ten minutes, and keeps what it knows until then", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { server, isMissing, untilAsked, untilKnown } = await start();
    await untilKnown();
    server.answer = tell({}, 500);
    vi.advanceTimersByTime(600_000);
    await untilAsked(2);
    await sleep(50);
    expect([isMissing(none), isMissing(old)]).toEqual([true, false]);
    server.answer = tell({ instance: "one", filter: filterOf(young) });
    vi.advanceTimersByTime(10_000);
    await vi.waitFor(() => expect([isMissing(old), isMissing(young)]).toEqual([true, false]), patience);
  });

  it("has everything asked for, for a while, once something was found that is not listed", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const { server, near, stored, isMissing, untilKnown } = await start();
    await untilKnown();
    for (const key of [old, young]) stored.found(key);
    stored.add([young]); // heard of a moment later
    vi.advanceTimersByTime(5000);
    expect(isMissing(none)).toBe(true);
    // What was found while the feed was not heard shows nothing.
    stored.found(keyOf("lost"));
    near.endFollowing();
    vi.advanceTimersByTime(5000);
    near.beginFollowing("one");
    expect(isMissing(none)).toBe(true);
    // What is listed, and only was not told, is known from then on.
    server.answer = tell({ instance: "one", filter: filterOf(old, keyOf("untold")) });
    stored.found(keyOf("untold"));
    vi.advanceTimersByTime(5000);
    await vi.waitFor(() => expect(isMissing(keyOf("untold"))).toBe(false), patience);
    expect(isMissing(none)).toBe(true);
    stored.found(keyOf("lost"));
    vi.advanceTimersByTime(5000);
    await vi.waitFor(() => expect(isMissing(none)).toBe(false), patience);
    vi.advanceTimersByTime(600_000);
    await untilKnown();
  });
});
