import { ConfigError } from "#platform/load-config.js";
import type { GatewayConfig } from "../gateway.config.js";
import { parseApiKeys } from "./parse-api-keys.js";

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/;

/** A gateway that others can reach needs keys. @throws ConfigError */
export function checkExposure({ API_HOST, API_KEYS, ALLOW_UNAUTHENTICATED }: GatewayConfig): void {
  if (loopback.test(API_HOST) || parseApiKeys(API_KEYS).length > 0 || ALLOW_UNAUTHENTICATED) return;
  throw new ConfigError([
    `API_HOST ${API_HOST} is reachable from elsewhere: set API_KEYS, or ALLOW_UNAUTHENTICATED=true if something else guards the port`,
  ]);
}
