import { expect, it } from "vitest";
import { collect } from "#anthropic/__fixtures__/collect.js";
import { decodeChunks } from "./decode-chunks.js";

it("an event without an end is an error", async () => {
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('data: {"id":"');
    for (const bytes = Buffer.alloc(65_536, "x"); ;) yield bytes;
  }
  await expect(collect(decodeChunks(endless()))).rejects.toMatchObject({
    type: "api_error",
    message: "the backend sent an event without an end",
  });
});
