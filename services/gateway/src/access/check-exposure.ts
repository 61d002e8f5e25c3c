import { ConfigError } from "#platform/load-config.js";
import type { GatewayConfig } from "../gateway.config.js";
import { parseApiKeys } from "./parse-api-keys.js";

const loopback = /^(localhost|127(\.\d{1,3}){3}|::1)$/i;

/** A gateway that others can reach needs keys. @throws ConfigError */
export function checkExposure(config: GatewayConfig): void {
  const { API_HOST, API_KEYS, API_KEYS_FILE, ALLOW_UNAUTHENTICATED } = config;
  const hasKeys = API_KEYS_FILE !== "" || parseApiKeys(API_KEYS).length > 0;
  if (loopback.test(API_HOST) || hasKeys || ALLOW_UNAUTHENTICATED) return;
  throw new ConfigError([
    `API_HOST ${API_HOST} is reachable from elsewhere: set API_KEYS or API_KEYS_FILE, or ALLOW_UNAUTHENTICATED=true if something else guards the port`,
  ]);
}
