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
  it("says so instead of hanging", async () => {
    const stack = await startStack({ cache: { INNER_TOKEN }, adapter: { INNER_TOKEN } });
    const response = await stack.post(question());
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(await response.text()).not.toContain(INNER_TOKEN);
    await stack.close();
  });
});
