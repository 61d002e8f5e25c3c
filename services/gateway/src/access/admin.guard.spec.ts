import type { ExecutionContext } from "@nestjs/common";
import { createHash } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { describe, expect, it } from "vitest";
import { GatewayConfig } from "../gateway.config.js";
import { createLogger } from "#platform/logging.js";
import { AdminGuard } from "./admin.guard.js";
import { ApiKeys } from "./api-keys.js";

const API_KEYS = `alice:${createHash("sha256").update("key-of-alice").digest("hex")}`;
const ADMIN_KEY = "key-of-admin";
const byKey = { "x-api-key": ADMIN_KEY };

function enter(config: Partial<GatewayConfig>, headers: IncomingHttpHeaders = {}): boolean {
  const context = { switchToHttp: () => ({ getRequest: () => ({ headers }) }) };
  const whole = Object.assign(new GatewayConfig(), { LOG_LEVEL: "silent", ...config });
  const keys = new ApiKeys(whole, createLogger("gateway", whole));
  return new AdminGuard(whole, keys).canActivate(context as unknown as ExecutionContext);
}

describe("AdminGuard", () => {
  it.each<[string, Partial<GatewayConfig>, IncomingHttpHeaders]>([
    ["anybody where there are no keys at all", {}, {}],
    ["the admin's key", { ADMIN_KEY }, byKey],
    ["the admin's key beside others", { ADMIN_KEY, API_KEYS }, byKey],
    ["the admin's key as a token", { ADMIN_KEY, API_KEYS }, { authorization: `Bearer ${ADMIN_KEY}` }],
  ])("lets in %s", (_name, config, headers) => expect(enter(config, headers)).toBe(true));

  it.each<[string, Partial<GatewayConfig>, IncomingHttpHeaders, string]>([
    ["no key", { ADMIN_KEY }, {}, "authentication_error"],
    ["another key", { ADMIN_KEY }, { "x-api-key": "guess" }, "authentication_error"],
    ["an ordinary key", { ADMIN_KEY, API_KEYS }, { "x-api-key": "key-of-alice" }, "authentication_error"],
    ["everybody where only ordinary keys are set", { API_KEYS }, byKey, "permission_error"],
    [
      "an ordinary key where no admin's is set",
      { API_KEYS },
      { "x-api-key": "key-of-alice" },
      "permission_error",
    ],
    ["everybody where the list of keys is empty", { API_KEYS: "," }, {}, "permission_error"],
  ])("refuses %s", (_name, config, headers, type) => {
    expect(() => enter(config, headers)).toThrow(expect.objectContaining({ type }) as Error);
  });
});
