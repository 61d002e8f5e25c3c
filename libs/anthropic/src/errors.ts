/** Anthropic's error types, each with its one HTTP status. */
export const statusOfErrorType = {
  invalid_request_error: 400,
  authentication_error: 401,
  permission_error: 403,
  not_found_error: 404,
  request_too_large: 413,
  rate_limit_error: 429,
  api_error: 500,
  timeout_error: 504,
  overloaded_error: 529,
} as const;

export type ErrorType = keyof typeof statusOfErrorType;

export interface ErrorBody {
  type: "error";
  error: { type: ErrorType; message: string; details?: Record<string, unknown> };
  request_id?: string;
}

/** What the headers of an error tell, in an `error` event between our services: there the headers have gone. */
export interface RetryAdvice {
  should_retry?: false;
  /** Seconds. */
  retry_after?: number;
}

interface ApiErrorOptions extends ErrorOptions {
  /** Seconds after which a retry makes sense; at most 60, clients give up on more. */
  retryAfterSeconds?: number | undefined;
  /** False: the same request can never succeed. By default the errors of status 400 to 413 are final. */
  shouldRetry?: boolean;
  /** For programs: `error_code` and what belongs to it. */
  details?: Record<string, unknown>;
}

/** An error that a client sees: thrown inside, turned into JSON or an SSE event at the edge only. */
export class ApiError extends Error {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  readonly shouldRetry: boolean;
  readonly details: Record<string, unknown> | undefined;

  constructor(
    readonly type: ErrorType,
    message: string,
    options: ApiErrorOptions = {},
  ) {
    super(message, options);
    this.name = "ApiError";
    this.status = statusOfErrorType[type];
    this.retryAfterSeconds =
      options.retryAfterSeconds ??
      (type === "overloaded_error" || type === "rate_limit_error" ? 5 : undefined);
    this.details = options.details;
    this.shouldRetry = options.shouldRetry ?? (this.status === 429 || this.status >= 500);
  }

  toBody(requestId?: string): ErrorBody {
    return {
      type: "error",
      error: {
        type: this.type,
        message: this.message,
        ...(this.details === undefined ? {} : { details: this.details }),
      },
      ...(requestId === undefined ? {} : { request_id: requestId }),
    };
  }

  toAdvice(): RetryAdvice {
    if (!this.shouldRetry) return { should_retry: false };
    return this.retryAfterSeconds === undefined ? {} : { retry_after: this.retryAfterSeconds };
  }

  /** The headers that tell a client whether and when to try again. */
  toHeaders(): Record<string, string> {
    if (!this.shouldRetry) return { "x-should-retry": "false" };
    return this.retryAfterSeconds === undefined
      ? {}
      : { "retry-after": String(Math.min(Math.max(Math.ceil(this.retryAfterSeconds), 1), 60)) };
  }
}

export function isErrorType(value: unknown): value is ErrorType {
  return typeof value === "string" && Object.hasOwn(statusOfErrorType, value);
}

/** The error type for an HTTP status that came from elsewhere. */
export function mapStatusToErrorType(status: number): ErrorType {
  for (const [type, known] of Object.entries(statusOfErrorType))
    if (known === status) return type as ErrorType;
  if (status === 408) return "timeout_error";
  if (status === 503) return "overloaded_error";
  return status >= 400 && status < 500 ? "invalid_request_error" : "api_error";
}

/**
 * Reads an error body of Anthropic's shape, with the advice of our own services; anything else becomes an error of the
 * status' type, with the text that it has where other servers write it.
 */
export function parseErrorBody(status: number, body: unknown): ApiError {
  const { error, should_retry, retry_after } = (body ?? {}) as Partial<ErrorBody> & RetryAdvice;
  const type = isErrorType(error?.type) ? error.type : mapStatusToErrorType(status);
  const message = readErrorMessage(body) ?? `upstream answered with status ${status}`;
  return new ApiError(type, message, {
    ...(should_retry === false ? { shouldRetry: false } : {}),
    ...(typeof retry_after === "number" ? { retryAfterSeconds: retry_after } : {}),
  });
}

/** `{error: {message}}` and, of other servers, `{error}`, `{message}` or FastAPI's `{detail}`. */
function readErrorMessage(body: unknown): string | undefined {
  const { error, message, detail } = (body ?? {}) as Record<string, unknown>;
  const inner = (error as { message?: unknown } | null | undefined)?.message;
  return [inner, error, message, detail].find((text) => typeof text === "string" && text !== "") as
    string | undefined;
}

/** Whatever was thrown, as the error a client sees. Unknown errors keep their text out of the answer. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  return new ApiError("api_error", "Internal server error", { cause: error });
}
