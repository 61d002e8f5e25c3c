import { describe, expect, it } from "vitest";
import { ConfigError } from "#platform/load-config.js";
import { GatewayConfig } from "../gateway.config.js";
import { checkExposure } from "./check-exposure.js";

const check = (env: Partial<GatewayConfig>) => checkExposure(Object.assign(new GatewayConfig(), env));
const keys = `alice:${"0".repeat(64)}`;

describe("checkExposure", () => {
  it.each<[string, Partial<GatewayConfig>]>([
    ["the default", {}],
    ["localhost", { API_HOST: "localhost" }],
    ["localhost in capitals", { API_HOST: "LOCALHOST" }],
    ["another loopback address", { API_HOST: "127.1.2.3" }],
    ["loopback of IPv6", { API_HOST: "::1" }],
    ["everywhere with keys", { API_HOST: "0.0.0.0", API_KEYS: keys }],
    ["everywhere by permission", { API_HOST: "0.0.0.0", ALLOW_UNAUTHENTICATED: true }],
  ])("allows %s", (_name, env) => expect(() => check(env)).not.toThrow());

  it.each<[string, Partial<GatewayConfig>]>([
    ["everywhere", { API_HOST: "0.0.0.0" }],
    ["everywhere of IPv6", { API_HOST: "::" }],
    ["an address of the network", { API_HOST: "192.168.1.5" }],
    ["a name", { API_HOST: "gpu-host" }],
    ["a name that begins as loopback", { API_HOST: "127.0.0.1.example.com" }],
    ["a name that begins as localhost", { API_HOST: "localhost.example.com" }],
    ["a list of keys that holds none", { API_HOST: "0.0.0.0", API_KEYS: " , " }],
  ])("refuses %s without keys", (_name, env) => {
    expect(() => check(env)).toThrow(ConfigError);
    expect(() => check(env)).toThrow(`API_HOST ${env.API_HOST} is reachable from elsewhere`);
  });
});
