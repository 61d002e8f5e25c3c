import type { GatewayConfig } from "../gateway.config.js";

/** What the gateway shows the services behind it. */
export function innerHeaders({ INNER_TOKEN }: GatewayConfig): Record<string, string> {
  return INNER_TOKEN === "" ? {} : { authorization: `Bearer ${INNER_TOKEN}` };
}
