import { ApiError } from "#anthropic/errors.js";

/** Far more than any conversation has. */
const mostValues = 1_000_000;
const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const bracket = 0x5b;
const brace = 0x7b;

/**
 * A value of three bytes takes dozens once it is parsed: 30 MB of nothing but `{}` would take all memory that a
 * service has, and seconds. @throws ApiError `invalid_request_error`
 */
export function checkValueCount(json: Buffer, most = mostValues): void {
  if (json.length <= most) return;
  let values = 0;
  for (let at = 0; at < json.length; at++) {
    const byte = json[at];
    if (byte === quote) at = endOfString(json, at);
    else if (byte === comma || byte === bracket || byte === brace) values += 1;
  }
  if (values > most)
    throw new ApiError(
      "invalid_request_error",
      `The request has more than ${most} objects, lists and values`,
    );
}

/** Where its closing quote stands. */
function endOfString(json: Buffer, start: number): number {
  let at = json.indexOf(quote, start + 1);
  if (at !== -1 && json[at - 1] !== backslash) return at;
  for (at = start + 1; at < json.length && json[at] !== quote; at++) if (json[at] === backslash) at += 1;
  return at;
}
