import { ApiError } from "#anthropic/errors.js";
import { imageFault } from "#anthropic/image-fault.js";
import { mapMediaType } from "./map-media-type.js";

const imageTypes = ["image/jpeg", "image/png", "image/gif", "image/webp"];
const maxImageBytes = 10 * 1024 * 1024;

/**
 * Whether the bytes are an image that a model may be shown. Ollama takes any bytes, and answers as if it had seen
 * something. `mediaType` is what the client says that it is. @throws ApiError `invalid_request_error`
 */
export function checkImage(bytes: Uint8Array, mediaType: string | undefined, path: string): void {
  if (mediaType !== undefined && !imageTypes.includes(mediaType))
    throw invalid(
      `${path}.media_type`,
      "Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
    );
  if (bytes.length > maxImageBytes)
    throw invalid(path, `image exceeds 10 MB maximum: ${bytes.length} bytes > ${maxImageBytes} bytes`);
  const found = mapMediaType(bytes);
  if (found === undefined || !imageTypes.includes(found)) throw invalid(path, imageFault);
  if (mediaType !== undefined && found !== mediaType)
    throw invalid(path, `Image does not match the provided media type ${mediaType}`);
}

const invalid = (path: string, message: string) =>
  new ApiError("invalid_request_error", `${path}: ${message}`);
