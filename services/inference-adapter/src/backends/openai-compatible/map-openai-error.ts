import { ApiError, type ErrorType } from "#anthropic/errors.js";
import { imageFault } from "#anthropic/image-fault.js";
import { mapStatus } from "../map-status.js";
import { mapWebPage } from "../map-web-page.js";
import { UnsupportedSchemaError } from "../unsupported-schema.error.js";

/** What an error answer holds, or an error event inside a stream. */
export interface ServerError {
  /** The HTTP status; inside a stream the one that the error names, 500 where it names none. */
  status: number;
  message: string;
  /** The error object itself, for what single servers add. */
  error: unknown;
  retryAfterSeconds?: number | undefined;
}

/** OpenAI's `{error: {message, code}}`, the flat form of older vLLM and SGLang, FastAPI's `detail`, or a text. */
export function parseServerError(status: number | undefined, body: unknown): ServerError {
  const outer = (typeof body === "object" && body !== null ? body : { error: body }) as Record<
    string,
    unknown
  >;
  const error = outer["error"] ?? outer;
  const fields = (typeof error === "object" && error !== null ? error : { message: error }) as Record<
    string,
    unknown
  >;
  const message = fields["message"] ?? outer["detail"];
  const code = Number(fields["code"]);
  return {
    status: status ?? (code >= 400 && code < 600 ? code : 500),
    message:
      typeof message === "string" ? message.trim() : message === undefined ? "" : JSON.stringify(message),
    error: fields,
  };
}

export function mapOpenAiError({ status, message, retryAfterSeconds }: ServerError): ApiError {
  if (status === 401 || status === 403)
    return new ApiError("api_error", `The model server refused our key (${status}): see OPENAI_API_KEY`, {
      shouldRetry: false,
    });
  const page = mapWebPage("The model server", status, message, retryAfterSeconds);
  if (page) return page;
  const text = `The model server: ${message || `status ${status}`}`;
  if (isFaultOfSchema.test(message)) return new UnsupportedSchemaError(text);
  if (isFaultOfImage.test(message)) return new ApiError("invalid_request_error", `${imageFault}: ${text}`);
  return new ApiError(mapType(status, message), text, { retryAfterSeconds });
}

/** It could not make a grammar of the schema, or of a tool's: llama.cpp, then xgrammar and outlines in vLLM and SGLang. */
const isFaultOfSchema =
  /failed to (?:parse|initialize) grammar|JSON schema conversion failed|grammar (?:error|compil)|invalid (?:grammar|json schema)|not supported by (?:xgrammar|outlines)|transform json schema|JSON grammar specification/i;

/** The model sees none: llama.cpp (with 500), then vLLM. */
const isFaultOfImage = /image input is not supported|is not a multimodal model|At most 0 image/i;

/** llama.cpp answers these with 500, but the same request can never succeed. */
const isFaultOfRequest = /input is not supported|Failed to parse input/i;

function mapType(status: number, message: string): ErrorType {
  if (status === 404) return "not_found_error";
  const told = mapStatus(status);
  if (told) return told;
  if (status === 400 || status === 422 || status === 501 || isFaultOfRequest.test(message))
    return "invalid_request_error";
  return "api_error";
}
