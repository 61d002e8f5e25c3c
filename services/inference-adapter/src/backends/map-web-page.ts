import { ApiError } from "#anthropic/errors.js";
import { mapStatus } from "./map-status.js";

/**
 * A web page in an error's place comes from a proxy or a tunnel: it says nothing of the model or the request, and is too
 * long for a message. Undefined where it is none.
 */
export function mapWebPage(
  server: string,
  status: number,
  body: unknown,
  retryAfterSeconds?: number,
): ApiError | undefined {
  if (typeof body !== "string" || !/^\s*<(?:!doctype|html)\b/i.test(body)) return undefined;
  const [, title = ""] = /<title>([^<]{1,200})</i.exec(body) ?? [];
  const said = title.trim() === "" ? "" : `, "${title.trim()}"`;
  return new ApiError(
    mapStatus(status) ?? "api_error",
    `${server}: status ${status} with a web page${said}`,
    { retryAfterSeconds },
  );
}
