import { getEventListeners, once } from "node:events";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { HttpClient, type HttpRequest, UpstreamError, type UpstreamFault } from "./http-client.js";

type Answer = (request: IncomingMessage, response: ServerResponse, count: number) => void;

/** A server that does what a test says with its n-th request, from 1 on. */
async function serve(answer: Answer) {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    answer(request, response, requests.length);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

const get = (changed: Partial<HttpRequest> = {}): HttpRequest => ({
  method: "GET",
  path: "/a?b=c",
  ...changed,
});

async function faultOf(work: Promise<unknown>): Promise<UpstreamFault> {
  const error: unknown = await work.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UpstreamError);
  return (error as UpstreamError).fault;
}

describe.each(["request", "exchange"] as const)("HttpClient.%s", (way) => {
  it.each([
    ['{"ä":[1]}', { ä: [1] }],
    ["plain", "plain"],
    ["", ""],
  ])("gives %j as %j, whatever the status", async (body, expected) => {
    const { url } = await serve((_request, response) => response.writeHead(418, { "x-a": "b" }).end(body));
    const answer = await new HttpClient(url, 1000)[way](get());
    expect(answer).toMatchObject({ status: 418, body: expected, headers: { "x-a": "b" } });
  });

  it("sends JSON with its length, behind the base's path, with the headers of client and call", async () => {
    let body = "";
    const { url, requests } = await serve((request, response) => {
      void text(request).then((sent) => {
        body = sent;
        response.end();
      });
    });
    const client = new HttpClient(`${url}/base`, 1000, { authorization: "Bearer t" });
    await client[way]({ method: "PUT", path: "/x?y=1", body: { ä: 1 }, headers: { "x-z": "2" } });
    expect(body).toBe('{"ä":1}');
    expect(requests[0]).toMatchObject({
      method: "PUT",
      url: "/base/x?y=1",
      headers: {
        authorization: "Bearer t",
        "x-z": "2",
        "content-type": "application/json",
        "content-length": "8",
      },
    });
  });

  it("asks for no compressed answer, which it could not read", async () => {
    const { url, requests } = await serve((_request, response) => response.end());
    await new HttpClient(url, 1000)[way](get());
    expect(requests[0]?.headers["accept-encoding"]).toBe("identity");
  });

  it("asks once more on a kept connection that the other side has closed", async () => {
    const { url, requests } = await serve((request, response, count) => {
      if (count === 2) request.socket.destroy();
      else response.end("1");
    });
    const client = new HttpClient(url, 1000);
    for (let count = 0; count < 2; count++) expect((await client[way](get())).body).toBe(1);
    expect(requests).toHaveLength(3);
  });

  it.each<[string, UpstreamFault, number, Answer]>([
    ["a new connection that is closed", "broken", 1, (request) => void request.socket.destroy()],
    [
      "an answer that breaks off",
      "broken",
      1,
      (request, response) => {
        response.writeHead(200, { "content-length": "100" }).write("1");
        setTimeout(() => request.socket.destroy(), 20);
      },
    ],
    ["silence", "timeout", 1, () => {}],
    ["half an answer", "timeout", 1, (_request, response) => void response.writeHead(200).write("1")],
  ])("takes %s for %s, and does not ask again", async (_name, fault, asked, answer) => {
    const { url, requests } = await serve(answer);
    expect(await faultOf(new HttpClient(url, 1000)[way](get({ timeoutMs: 300 })))).toBe(fault);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(requests).toHaveLength(asked);
  });

  it("breaks off an answer without an end", async () => {
    const piece = Buffer.alloc(1024 * 1024, "x");
    const { url } = await serve((_request, response) => {
      const write = () => {
        while (!response.destroyed && response.write(piece));
      };
      response.on("drain", write);
      write();
    });
    expect(await faultOf(new HttpClient(url, 1000)[way](get()))).toBe("broken");
  }, 60_000);

  it("is refused where nobody listens", async () => {
    expect(await faultOf(new HttpClient("http://127.0.0.1:1", 1000)[way](get()))).toBe("refused");
  });

  it.each([0, 50])("is given up after %i ms", async (ms) => {
    const { url } = await serve(() => {});
    const signal = ms === 0 ? AbortSignal.abort() : AbortSignal.timeout(ms);
    expect(await faultOf(new HttpClient(url, 1000)[way](get({ signal })))).toBe("aborted");
  });
});

describe("HttpClient.stream", () => {
  const stream = (url: string, signal: AbortSignal, timeoutMs?: number) =>
    new HttpClient(url, 1000).stream(get({ signal, ...(timeoutMs === undefined ? {} : { timeoutMs }) }));
  const begin: Answer = (_request, response) => void response.writeHead(200, { "x-a": "b" }).write("begun");

  it("gives the head before the body has ended, however long that takes", async () => {
    const { url } = await serve((_request, response) => {
      response.writeHead(418, { "x-a": "b" }).write("a");
      setTimeout(() => response.end("b"), 300);
    });
    const answer = await stream(url, new AbortController().signal, 100);
    expect(answer).toMatchObject({ status: 418, headers: { "x-a": "b" } });
    expect(await text(answer.body)).toBe("ab");
  });

  it("breaks off with the signal's reason, and closes the connection", async () => {
    const { url, requests } = await serve(begin);
    const ending = new AbortController();
    const { body } = await stream(url, ending.signal);
    const reason = new Error("given up");
    setTimeout(() => ending.abort(reason), 30);
    await expect(text(body)).rejects.toBe(reason);
    if (!requests[0]?.socket.destroyed) await once(requests[0]!.socket, "close");
  });

  it("breaks off though nobody reads it", async () => {
    const { url, requests } = await serve(begin);
    const ending = new AbortController();
    const { body } = await stream(url, ending.signal);
    ending.abort(new Error("given up"));
    await once(requests[0]!.socket, "close");
    expect(body.destroyed).toBe(true);
  });

  it("fails where the other side breaks off", async () => {
    const { url } = await serve((request, response) => {
      response.writeHead(200).write("begun");
      setTimeout(() => request.socket.destroy(), 30);
    });
    const { body } = await stream(url, new AbortController().signal);
    await expect(text(body)).rejects.toThrow("aborted");
  });

  it("fails where the other side changes to another protocol", async () => {
    const { url } = await serve(({ socket }) => {
      socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n");
    });
    expect(await faultOf(new HttpClient(url, 1000).stream(get()))).toBe("broken");
  });

  it("takes no time in which this process was busy for one without a connection", async () => {
    const { url } = await serve((_request, response) => void response.end());
    const answer = new HttpClient(url, 100).stream(get());
    const until = performance.now() + 300;
    while (performance.now() < until);
    expect((await answer).status).toBe(200);
  });

  it("leaves nothing on the signal when the body has ended", async () => {
    const { url } = await serve((_request, response) => response.end("whole"));
    const { signal } = new AbortController();
    const { body } = await stream(url, signal);
    await text(body);
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });

  it.each<[UpstreamFault, number | undefined]>([
    ["timeout", 50],
    ["aborted", undefined],
  ])("ends with %s where no head comes", async (fault, timeoutMs) => {
    const { url } = await serve(() => {});
    const signal = AbortSignal.timeout(fault === "timeout" ? 20_000 : 400);
    expect(await faultOf(stream(url, signal, timeoutMs))).toBe(fault);
  });
});
