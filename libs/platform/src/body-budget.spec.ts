import { IncomingMessage, ServerResponse } from "node:http";
import { Socket } from "node:net";
import { describe, expect, it } from "vitest";
import { BodyBudget, letGoOfBody } from "./body-budget.js";

const megabyte = 1024 * 1024;
const budget = () => new BodyBudget(10 * megabyte);

/** A request that says how long its body is. */
function enter(to: BodyBudget, length: number | undefined): ServerResponse {
  const request = new IncomingMessage(new Socket());
  if (length !== undefined) request.headers["content-length"] = String(length);
  const response = new ServerResponse(request);
  to.admit(request, response);
  return response;
}

describe("long bodies", () => {
  it("wait outside where those that are here take all the room", () => {
    const room = budget();
    enter(room, 6 * megabyte);
    expect(() => enter(room, 6 * megabyte)).toThrow(
      expect.objectContaining({ type: "overloaded_error", shouldRetry: true }) as Error,
    );
    enter(room, 4 * megabyte);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ["passed on", letGoOfBody],
    ["answered", (response) => response.emit("close")],
    ["passed on and answered", (response) => [letGoOfBody(response), response.emit("close")]],
  ])("leave their room when they are %s", (_name, end) => {
    const room = budget();
    end(enter(room, 6 * megabyte));
    enter(room, 6 * megabyte);
    expect(() => enter(room, 6 * megabyte)).toThrow();
  });

  it("that are longer than all the room are let in alone", () => {
    const room = budget();
    const alone = enter(room, 20 * megabyte);
    expect(() => enter(room, 2 * megabyte)).toThrow();
    letGoOfBody(alone);
    enter(room, 2 * megabyte);
  });
});

describe("bodies in chunks", () => {
  function send(to: BodyBudget, chunks: number[]): { response: ServerResponse; error: () => unknown } {
    const request = new IncomingMessage(new Socket());
    request.headers["transfer-encoding"] = "chunked";
    const response = new ServerResponse(request);
    let told: unknown;
    request.on("error", (error) => (told = error));
    to.admit(request, response);
    to.countChunks(request, response);
    for (const megabytes of chunks) request.emit("data", Buffer.alloc(megabytes * megabyte));
    return { response, error: () => told };
  }
  const refusal = expect.objectContaining({ type: "overloaded_error" }) as Error;

  it("take the room of what has come of them", () => {
    const room = budget();
    const first = send(room, [1, 2, 3]);
    expect(first.error()).toBeUndefined();
    expect(send(room, [1]).error()).toBeUndefined();
    expect(send(room, [2, 2, 1]).error()).toEqual(refusal);
    expect(() => enter(room, 5 * megabyte)).toThrow();
    first.response.emit("close");
    expect(send(room, [2, 2, 1]).error()).toBeUndefined();
  });

  it("are let in alone, however long they are", () => {
    const room = budget();
    expect(send(room, [8, 8, 8]).error()).toBeUndefined();
    expect(send(room, [2]).error()).toEqual(refusal);
  });

  it("that nobody reads any more are no error of the process", () => {
    const room = budget();
    enter(room, 10 * megabyte);
    const request = new IncomingMessage(new Socket());
    request.headers["transfer-encoding"] = "chunked";
    room.countChunks(request, new ServerResponse(request));
    expect(() => request.emit("data", Buffer.alloc(2 * megabyte))).not.toThrow();
  });
});

it.each([undefined, 0, megabyte, NaN, -5])("a body of %s bytes is always let in", (length) => {
  const room = budget();
  enter(room, 20 * megabyte);
  enter(room, length);
});
