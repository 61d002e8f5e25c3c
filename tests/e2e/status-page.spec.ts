import axe, { type AxeResults } from "axe-core";
import { createHash } from "node:crypto";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { isChromiumMissing, startChromium } from "../support/chromium.js";
import { type Stack, question, startHungServer, startStack, untilStored } from "../support/stack.js";

const phone = { viewport: { width: 360, height: 740 } };
const desktop = { viewport: { width: 1280, height: 900 } };
const limit = { timeout: 20_000 };

describe("GET /", () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.close());

  it("is the page for a browser, with everything in it, and a line of JSON for others", async () => {
    const page = await fetch(stack.url, { headers: { accept: "text/html,application/xhtml+xml,*/*;q=0.8" } });
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const html = await page.text();
    expect(html).toContain("<title>llm-selfhost</title>");
    expect(html.match(/(src|href)="(?!#|data:)[^"]*"/g)).toBeNull();
    const other = await fetch(stack.url);
    expect(await other.json()).toMatchObject({ status: "ok", service: "gateway" });
    for (const { headers } of [page, other]) expect(headers.get("vary")).toBe("accept");
    expect((await fetch(stack.url, { method: "HEAD" })).status).toBe(200);
  });

  it("has headers that let nothing else in, and no other page around it", async () => {
    const { headers } = await fetch(stack.url, { headers: { accept: "text/html" } });
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("referrer-policy")).toBe("no-referrer");
  });
});

describe.skipIf(isChromiumMissing)("the status page in Chromium", () => {
  let stack: Stack;
  let browser: Browser;
  const closing: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    stack = await startStack();
    browser = await startChromium();
  });
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  afterAll(async () => {
    await browser.close();
    await stack.close();
  });

  async function open(url: string, options: BrowserContextOptions = {}) {
    const context = await browser.newContext({ ...desktop, ...options });
    closing.push(() => context.close());
    const page = await context.newPage();
    const faults: string[] = [];
    const requests: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (line) => line.type() === "error" && faults.push(line.text()));
    page.on("request", (request) => requests.push(request.url()));
    await page.goto(url);
    return { page, faults, requests };
  }

  const text = (page: Page, id: string) => page.textContent(`#${id}`);
  const isReady = (page: Page) => expect.poll(() => text(page, "state"), limit).toBe("Ready");

  it("tells which service is silent, though asking that one takes long", async () => {
    const hung = await startHungServer();
    const lame = await startStack({ gateway: { INFERENCE_URL: hung.url, CACHE_URL: hung.url } });
    closing.push(
      () => lame.close(),
      () => hung.close(),
    );
    const { page } = await open(lame.url);
    await expect
      .poll(() => text(page, "state"), { timeout: 40_000 })
      .toMatch(/^(Not well: inference adapter|The gateway does not answer)/);
    expect(await text(page, "state")).toBe("Not well: inference adapter, cache");
  }, 60_000);

  it("shows what happens, without the content, and asks nobody else", async () => {
    const { page, faults, requests } = await open(stack.url);
    await isReady(page);
    const asked = question({ messages: [{ role: "user", content: "a secret question" }] });
    const first = await stack.post(asked);
    await first.text();
    await untilStored(stack, first);
    for (const body of [asked, asked, { ...asked, model: "no-such-model" }])
      await (await stack.post(body)).text();
    await expect.poll(() => text(page, "hit-ratio"), limit).toBe("66.7 %");
    await expect.poll(() => text(page, "hit-counts"), limit).toBe("2 hit, 1 miss, 1 error");
    await expect.poll(() => page.locator("#requests tr").count(), limit).toBe(4);
    expect(await page.locator("#requests tr").nth(1).textContent()).toContain("hit");
    expect(await text(page, "latency-hit")).toMatch(/ (ms|s)$/);
    expect(await text(page, "model-window")).toMatch(/ tokens$/);
    expect(await text(page, "queue")).toBe("0 waiting");
    expect(await page.locator("#components li").allTextContents()).toEqual(
      expect.arrayContaining([expect.stringMatching(/^cache: ✓ up/), expect.stringMatching(/^ollama: ✓ up/)]),
    );
    expect(await page.content()).not.toContain("a secret question");
    expect(requests.filter((url) => !url.startsWith(stack.url) && !url.startsWith("data:"))).toEqual([]);
    expect(faults).toEqual([]);
  });

  it("names the way back to this gateway in the commands", async () => {
    const { page } = await open(stack.url);
    expect(await text(page, "command-claude")).toBe(
      `eval "$(curl -sS ${stack.url}/claude-code/env || echo false)" && claude`,
    );
    expect(await text(page, "command-tunnel")).toContain(`-L ${new URL(stack.url).port}:localhost:`);
  });

  it("leads a tunnel to the port that the gateway listens on, and names the key that it wants", async () => {
    const first = await startStack();
    const { port } = new URL(first.url);
    await first.close();
    const API_KEYS = `alice:${createHash("sha256").update("key-of-alice").digest("hex")}`;
    const other = await startStack({ gateway: { API_PORT: port, API_KEYS } });
    const { page } = await open(other.url);
    await expect.poll(() => text(page, "command-tunnel"), limit).toContain(`-L ${port}:localhost:${port} `);
    expect(await text(page, "command-claude")).toContain("export ANTHROPIC_AUTH_TOKEN=<your key>; eval");
    expect(await text(page, "command-launcher")).toContain(`--remote-port ${port}`);
    await other.close();
  });

  it("reckons a month at the visitor's own prices and keeps them", async () => {
    const { page } = await open(stack.url);
    await isReady(page);
    const fields = {
      gpuHour: "0.5",
      cloudInput: "3",
      cloudOutput: "15",
      hoursPerDay: "8",
      requestsPerDay: "1000",
      inputTokens: "20000",
      outputTokens: "300",
      hitPercent: "25",
    };
    for (const [name, value] of Object.entries(fields)) await page.fill(`[name=${name}]`, value);
    expect(await text(page, "month")).toBe(
      "$120.00 for the GPU, $1,935.00 for the same tokens at the cloud’s price: $1,815.00 less a month.\n" +
        "Of 30,000 requests, 7,500 cost the GPU nothing.",
    );
    await page.fill("[name=gpuHour]", "10");
    expect(await text(page, "month")).toContain("$465.00 more a month");
    await page.reload();
    await isReady(page);
    expect(await page.inputValue("[name=gpuHour]")).toBe("10");
  });

  it("is worked with the keyboard alone", async () => {
    const { page } = await open(stack.url);
    await isReady(page);
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.className")).toBe("skip");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.dataset.copies")).toBe("command-tunnel");
    await page.keyboard.press("Enter");
    await expect.poll(() => text(page, "copied"), limit).toMatch(/^(Copied|Selected)/);
  });

  it.each([
    ["a phone", "light", phone],
    ["a phone", "dark", phone],
    ["a desktop", "light", desktop],
    ["a desktop", "dark", desktop],
  ] as const)("fits %s, %s, and has no fault that axe finds", async (_name, colorScheme, size) => {
    const { page } = await open(stack.url, { ...size, colorScheme, bypassCSP: true });
    await isReady(page);
    const width = "document.scrollingElement.scrollWidth - window.innerWidth";
    expect(await page.evaluate(width)).toBeLessThanOrEqual(0);
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate<AxeResults>("axe.run()");
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`)).toEqual(
      [],
    );
  });

  it("says what is missing, and when nobody answers any more", async () => {
    const other = await startStack({ gateway: { MODEL_NAME: "absent" }, adapter: { MODEL_NAME: "absent" } });
    const { page } = await open(other.url);
    await expect.poll(() => text(page, "state"), limit).toBe("Model: missing");
    await other.cache.close();
    await expect
      .poll(() => page.locator("#components li").allTextContents(), limit)
      .toContainEqual(expect.stringMatching(/^cache: ✗ not well/));
    await other.close();
    await expect.poll(() => text(page, "state"), limit).toBe("The gateway does not answer");
  });

  it("shows how far a pull is", async () => {
    const { page } = await open(stack.url);
    await isReady(page);
    const status = (await (await fetch(`${stack.url}/status`)).json()) as object;
    const model = { name: "qwen3-coder", state: "pulling 43 %", context_length: null };
    await page.route("**/status", (route) => route.fulfill({ json: { ...status, model } }));
    await expect.poll(() => text(page, "state"), limit).toBe("Model: pulling 43 %");
    expect(await page.getByRole("progressbar", { name: "Pulling qwen3-coder: 43 %" }).isVisible()).toBe(true);
    await page.unroute("**/status");
    await isReady(page);
    expect(await page.getByRole("progressbar").count()).toBe(0);
  });

  it("shows other users' requests to the administrator only", async () => {
    const sha256 = createHash("sha256").update("key-of-alice").digest("hex");
    const keyed = await startStack({ gateway: { API_KEYS: `alice:${sha256}`, ADMIN_KEY: "the-admin" } });
    closing.push(() => keyed.close());
    await (await keyed.post(question(), { "x-api-key": "key-of-alice" })).text();
    for (const key of ["", "key-of-alice"])
      expect((await fetch(`${keyed.url}/status/requests`, { headers: { "x-api-key": key } })).status).toBe(
        401,
      );
    const { page } = await open(keyed.url);
    await isReady(page);
    await page.waitForSelector("#key", limit);
    expect(await page.locator("#requests tr").count()).toBe(0);
    await page.fill("#key", "the-admin");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#requests tr").count(), limit).toBe(1);
  });
});
