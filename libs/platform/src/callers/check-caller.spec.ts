import type { FastifyRequest } from "fastify";
import { describe, expect, it } from "vitest";
import { ServiceConfig } from "../service-config.js";
import { checkInnerCallers } from "./check-caller.js";

const publicAddress = "203.0.113.5";

function requestFrom(remoteAddress: string, localAddress: string, url = "/entries"): FastifyRequest {
  const headers = { host: `${publicAddress}:8100` };
  return { url, headers, socket: { remoteAddress, localAddress } } as unknown as FastifyRequest;
}

describe("checkInnerCallers", () => {
  const ask = (request: FastifyRequest, changed: Partial<ServiceConfig> = {}) =>
    checkInnerCallers("cache", Object.assign(new ServiceConfig(), changed))(request);

  it("answers the machine itself at its public address", () => {
    expect(() => ask(requestFrom(publicAddress, publicAddress))).not.toThrow();
  });

  it("refuses another machine's public address", () => {
    expect(() => ask(requestFrom("198.51.100.7", publicAddress))).toThrow(/same network/);
  });

  it("wants the token of the machine itself too, but for a probe", () => {
    const changed = { INNER_TOKEN: "inner-secret" };
    expect(() => ask(requestFrom(publicAddress, publicAddress), changed)).toThrow(/INNER_TOKEN/);
    expect(() => ask(requestFrom(publicAddress, publicAddress, "/health/live"), changed)).not.toThrow();
  });
});
