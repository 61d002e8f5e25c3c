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

it.each([undefined, 0, megabyte, NaN, -5])("a body of %s bytes is always let in", (length) => {
  const room = budget();
  enter(room, 20 * megabyte);
  enter(room, length);
});
