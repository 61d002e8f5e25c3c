import { ApiError } from "#anthropic/errors.js";

/** Standard base64, its padding and line ends optional → bytes. @throws ApiError `invalid_request_error` */
export function parseBase64(text: string, path: string): Buffer {
  const data = /\s/.test(text) ? text.replaceAll(/\s+/g, "") : text;
  // A quantum of one character holds no byte.
  const bare = data.replace(/={1,2}$/, "");
  if (bare === "" || bare.length % 4 === 1 || !/^[A-Za-z0-9+/]+$/.test(bare))
    throw new ApiError("invalid_request_error", `${path}: invalid base64 data`);
  return Buffer.from(bare, "base64");
}
