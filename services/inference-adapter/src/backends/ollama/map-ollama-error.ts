import { ApiError, type ErrorType } from "#anthropic/errors.js";
import { LostCallError } from "../lost-call.error.js";
import { mapStatus } from "../map-status.js";
import { mapWebPage } from "../map-web-page.js";
import { UnsupportedSchemaError } from "../unsupported-schema.error.js";

/** An error answer of Ollama, or an error line inside a stream (status 500), in our terms. */
export function mapOllamaError(status: number, body: unknown, retryAfterSeconds?: number): ApiError {
  const page = mapWebPage("Ollama", status, body, retryAfterSeconds);
  if (page) return page;
  const message = ollamaMessage(body);
  if (status === 403 && message === "")
    return new ApiError(
      "api_error",
      "Ollama refused the connection's host name (403): see OLLAMA_ORIGINS and OLLAMA_HOST",
    );
  const text = `Ollama: ${message || `status ${status}`}`;
  if (isFaultOfSchema.test(message)) return new UnsupportedSchemaError(text);
  return new ApiError(mapType(status, message), text, { retryAfterSeconds });
}

/**
 * The same of a chat, where Ollama's strict parsers say so of a call that the model wrote wrongly: in the last line,
 * or with status 500 where nothing was sent before.
 */
export function mapChatError(status: number, body: unknown, retryAfterSeconds?: number): ApiError {
  const error = mapOllamaError(status, body, retryAfterSeconds);
  const isOllamas = status === 500 && typeof body !== "string" && error.type === "api_error";
  return isOllamas && isFaultOfCall.test(ollamaMessage(body)) ? new LostCallError(error.message) : error;
}

const isFaultOfCall =
  /pars(e|ing)|XML|syntax error|unmarshal|invalid character|^expected element type|^EOF$/i;

/** The one refusal that clients know how to handle: the prompt is longer than the window. */
export function isContextOverflow(status: number, body: unknown): boolean {
  return status === 400 && /input length exceeds/i.test(ollamaMessage(body));
}

/** It could not make a grammar of the schema; the second says so in other words. */
const isFaultOfSchema =
  /^invalid JSON schema in format|^failed to load model vocabulary required for format/i;

/** Ollama answers these with 500, but the same request can never succeed. */
const isFaultOfRequest = /^option "[^"]*" must be of type|^invalid format/i;

function mapType(status: number, message: string): ErrorType {
  if (status === 404) return "not_found_error";
  const told = mapStatus(status);
  if (told) return told;
  if (/server busy|maximum pending requests/i.test(message)) return "overloaded_error";
  if (status === 400 || isFaultOfRequest.test(message)) return "invalid_request_error";
  return "api_error";
}

function ollamaMessage(body: unknown): string {
  if (typeof body === "string") return body.trim();
  const error = (body as { error?: unknown } | null)?.error;
  return typeof error === "string" ? error : "";
}
