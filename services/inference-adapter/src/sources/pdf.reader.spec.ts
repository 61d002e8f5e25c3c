import { readFileSync } from "node:fs";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { describe, expect, it } from "vitest";
import { toPdf } from "./__fixtures__/to-pdf.js";
import { PdfReader } from "./pdf.reader.js";

const fixture = (name: string) => readFileSync(new URL(`./__fixtures__/${name}.pdf`, import.meta.url));
const never = new AbortController().signal;
const refusal = (message: string) => ({ type: "invalid_request_error", message: `here: ${message}` });

describe("a PDF", { timeout: 60_000 }, () => {
  it("is read page by page", async () => {
    expect(await new PdfReader().read(fixture("two-pages"), "here", never)).toEqual([
      "Invoice 4711\nTotal: 99.50 EUR",
      "Thank you, Zoë.",
    ]);
  });

  it("that only forbids changes is read too", async () => {
    expect(await new PdfReader().read(fixture("owner-only"), "here", never)).toHaveLength(2);
  });

  it("is read once", async () => {
    const reader = new PdfReader();
    const first = await reader.read(fixture("two-pages"), "here", never);
    expect(await reader.read(fixture("two-pages"), "here", never)).toBe(first);
  });

  it.each<[string, Buffer, string]>([
    ["with a password", fixture("protected"), "The PDF specified is password protected."],
    ["of pictures", fixture("scanned"), "The PDF has no text: its pages are pictures, which are not read"],
    ["that is none", Buffer.from("hello"), "The PDF specified was not valid."],
    ["that only begins so", Buffer.from("%PDF-1.7\nhello"), "The PDF specified was not valid."],
    ["that is cut", fixture("two-pages").subarray(0, 300), "The PDF specified was not valid."],
  ])("is refused: %s", async (_case, bytes, message) => {
    await expect(new PdfReader().read(bytes, "here", never)).rejects.toMatchObject(refusal(message));
  });

  it("of too many pages is refused", async () => {
    const reader = new PdfReader({ maxPages: 1 });
    await expect(reader.read(fixture("two-pages"), "here", never)).rejects.toMatchObject(
      refusal("A maximum of 1 PDF pages may be provided"),
    );
  });

  it("with too much text is refused", async () => {
    const reader = new PdfReader({ maxCharacters: 20 });
    await expect(reader.read(fixture("two-pages"), "here", never)).rejects.toMatchObject(
      refusal("The PDF has more text than can be read"),
    );
  });

  const tooMuch = refusal("The PDF takes too much time or memory to be read");

  it("that unpacks to more than memory holds is given up", async () => {
    const bomb = toPdf(Buffer.alloc(400 * 1024 * 1024, "BT /F 9 Tf (a) Tj ET\n"));
    expect(bomb.length).toBeLessThan(4 * 1024 * 1024);
    const reader = new PdfReader({ maxMemoryMb: 128 });
    await expect(reader.read(bomb, "here", never)).rejects.toMatchObject(tooMuch);
  });

  it("that takes too long is given up", async () => {
    const long = toPdf(Buffer.alloc(4 * 1024 * 1024, "BT /F 9 Tf (a) Tj ET\n"));
    await expect(new PdfReader({ timeoutMs: 300 }).read(long, "here", never)).rejects.toMatchObject(tooMuch);
  });

  it("is not read on when its client has left", async () => {
    const leaving = new AbortController();
    const reading = new PdfReader().read(fixture("two-pages"), "here", leaving.signal);
    leaving.abort(new Error("gone"));
    await expect(reading).rejects.toThrow("gone");
  });

  it("does not hold the event loop up", async () => {
    const long = toPdf(Buffer.alloc(1024 * 1024, "BT /F 9 Tf (a) Tj ET\n"));
    // The machine may stand still for a moment: not each time.
    const holds: number[] = [];
    for (let turn = 0; turn < 3; turn++)
      holds.push(await longestHold(new PdfReader().read(long, "here", never)));
    expect(Math.min(...holds)).toBeLessThan(500);
  });
});

/** For how many milliseconds the event loop was held up at the most. */
async function longestHold(work: Promise<unknown>): Promise<number> {
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  await work;
  delays.disable();
  return delays.max / 1e6;
}
