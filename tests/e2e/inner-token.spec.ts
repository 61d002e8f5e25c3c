import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, question, startStack } from "../support/stack.js";

const INNER_TOKEN = "inner-secret";

describe("INNER_TOKEN", () => {
  let stack: Stack;
  beforeAll(async () => {
    const env = { INNER_TOKEN };
    stack = await startStack({ gateway: env, cache: env, adapter: env });
  });
  afterAll(() => stack.close());

  it("is shown by the gateway: answers are generated, stored, found and administered", async () => {
    const body = question();
    const first = await stack.post(body);
    await first.text();
    const key = first.headers.get("x-cache-key");
    await expect
      .poll(async () => (await stack.post(body)).headers.get("x-cache"), { timeout: 10_000 })
      .toBe("hit");
    expect((await fetch(`${stack.url}/cache/entries/${key}`)).status).toBe(200);
    expect((await fetch(`${stack.url}/health`)).status).toBe(200);
  });

  it.each(["", "Bearer guess", INNER_TOKEN, `Bearer ${INNER_TOKEN} `.trimEnd() + "x"])(
    "is required by the services behind: %j",
    async (authorization) => {
      for (const [url, path] of [
        [stack.cache.url, "/stats"],
        [stack.cache.url, "/entries"],
        [stack.adapter.url, "/v1/models"],
      ] as const) {
        const response = await fetch(url + path, { headers: authorization ? { authorization } : {} });
        expect(response.status).toBe(401);
        expect(await response.json()).toMatchObject({ error: { type: "authentication_error" } });
      }
    },
  );

  it("is not asked of probes and scrapers", async () => {
    for (const { url } of [stack.cache, stack.adapter])
      for (const path of ["/health/live", "/metrics"]) expect((await fetch(url + path)).status).toBe(200);
  });
});

describe("a gateway without the token of the services behind it", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ cache: { INNER_TOKEN }, adapter: { INNER_TOKEN } });
  });
  afterAll(() => stack.close());

  it("says so as a fault of its own, which no key of a client can mend", async () => {
    const response = await stack.post(question());
    const text = await response.text();
    expect([response.status, text]).toEqual([500, expect.stringContaining("INNER_TOKEN is required")]);
    expect(text).not.toContain(INNER_TOKEN);
    expect(response.headers.get("x-should-retry")).not.toBe("false");
  });

  it("is not ready, and tells which service refuses it", async () => {
    const ready = await fetch(`${stack.url}/health/ready`);
    expect(ready.status).toBe(503);
    expect(await ready.text()).toContain("INNER_TOKEN");
    const { details } = (await (await fetch(`${stack.url}/health`)).json()) as { details: { cache: object } };
    expect(details.cache).toMatchObject({
      state: "degraded",
      message: expect.stringContaining("refuses") as string,
    });
  });
});

it("is refused at the start where no header can carry it", async () => {
  for (const token of ["with space", "tökén", "line\n"])
    await expect(startStack({ gateway: { INNER_TOKEN: token } })).rejects.toThrow("INNER_TOKEN");
});
