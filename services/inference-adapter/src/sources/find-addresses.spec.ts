import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { afterEach, expect, it } from "vitest";
import { findAddresses } from "./find-addresses.js";

let server: Socket;
afterEach(() => server.close());

/** A name server that answers a question with this, or not at all. */
async function serve(answer?: (question: Buffer) => Buffer | undefined): Promise<string> {
  server = createSocket("udp4");
  server.on("message", (question, { port, address }) => {
    const told = answer?.(question);
    if (told) server.send(told, port, address);
  });
  server.bind(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${server.address().port}`;
}

/** With type and class behind it. */
const nameIn = (question: Buffer) => question.subarray(12, question.indexOf(0, 12) + 5);
const asksForSix = (question: Buffer) => nameIn(question).at(-3) === 28;

/** The question again, as an answer with one address of its type. */
function withAddress(question: Buffer): Buffer {
  const name = nameIn(question);
  const isSix = asksForSix(question);
  const address = isSix
    ? Buffer.from("20010db8000000000000000000000001", "hex")
    : Buffer.from([192, 0, 2, 9]);
  const head = Buffer.from("81800001000100000000", "hex");
  const record = Buffer.from([0xc0, 12, 0, isSix ? 28 : 1, 0, 1, 0, 0, 0, 60, 0, address.length]);
  return Buffer.concat([question.subarray(0, 2), head, name, record, address]);
}

it("finds addresses of both kinds", async () => {
  const servers = [await serve(withAddress)];
  expect(await findAddresses("files.test", servers)).toEqual([
    { address: "192.0.2.9", family: 4 },
    { address: "2001:db8::1", family: 6 },
  ]);
});

it("takes what there is where the name server does not answer for the other kind", async () => {
  const servers = [await serve((question) => (asksForSix(question) ? undefined : withAddress(question)))];
  const startedAt = performance.now();
  expect(await findAddresses("files.test", servers)).toEqual([{ address: "192.0.2.9", family: 4 }]);
  expect(performance.now() - startedAt).toBeLessThan(4000);
});

it("fails where there is no such name", async () => {
  const servers = [
    await serve((question) => {
      const answer = Buffer.from(question);
      answer.writeUInt16BE(0x8183, 2);
      return answer;
    }),
  ];
  await expect(findAddresses("none.test", servers)).rejects.toMatchObject({ code: "ENOTFOUND" });
});

it("holds up nobody else's lookups while name servers are silent", async () => {
  const servers = [await serve()];
  const waiting = Array.from({ length: 8 }, (_, at) => findAddresses(`slow${at}.test`, servers));
  const startedAt = performance.now();
  await lookup("localhost");
  expect(performance.now() - startedAt).toBeLessThan(1000);
  for (const { status } of await Promise.allSettled(waiting)) expect(status).toBe("rejected");
});
