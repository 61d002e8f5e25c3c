import type { HttpAnswer } from "#platform/http-client.js";

/** What a service answered to `GET /metrics`; empty where that is no page of metrics. */
export function toMetricsText({ status, headers, body }: HttpAnswer<unknown>): string {
  const isPage = status === 200 && /^text\/plain\b/.test(headers["content-type"] ?? "");
  return isPage && typeof body === "string" ? body : "";
}
