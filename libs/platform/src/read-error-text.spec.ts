import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { readErrorText } from "./read-error-text.js";

const bodyOf = (bytes: Iterable<Uint8Array>) => Readable.from(bytes, { objectMode: false });

it("reads a body to its end", async () => {
  expect(await readErrorText(bodyOf([Buffer.from('{"error":'), Buffer.from('"nö"}')]))).toBe(
    '{"error":"nö"}',
  );
});

it("leaves a body without an end after its beginning, and closes it", async () => {
  function* endless() {
    for (;;) yield Buffer.alloc(16_384, "x");
  }
  const body = bodyOf(endless());
  expect(await readErrorText(body)).toBe("x".repeat(65_536));
  expect(body.destroyed).toBe(true);
});
