import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpException,
  Inject,
  ServiceUnavailableException,
} from "@nestjs/common";
import type { FastifyReply, FastifyRequest } from "fastify";
import { validateHeaderValue } from "node:http";
import { ApiError, mapStatusToErrorType, toApiError } from "#anthropic/errors.js";
import { discardRest } from "./discard-rest.js";
import { LOGGER, type Logger } from "./logging.js";

/** Every error that leaves a service: in Anthropic's shape, with the request's id. */
@Catch()
export class AnthropicExceptionFilter implements ExceptionFilter {
  constructor(@Inject(LOGGER) private readonly logger: Logger) {}

  catch(exception: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    // Terminus throws its report when a check has failed.
    if (exception instanceof ServiceUnavailableException)
      return void reply.status(503).send(exception.getResponse());
    // What was done for a client ends like this when it leaves.
    if (reply.raw.destroyed && (exception as Error).name === "AbortError") return;
    const error = fromHttp(exception, request);
    const fields = { request_id: request.id, status: error.status, type: error.type };
    if (error.message === "Internal server error")
      this.logger.error({ ...fields, err: exception }, "request failed");
    else this.logger.debug({ ...fields, message: error.message }, "request refused");
    if (reply.raw.headersSent || reply.raw.destroyed) return;
    if (error.status === 413 || (error.status === 529 && !request.raw.complete)) {
      discardRest(request.raw);
      reply.removeHeader("connection");
    }
    reply.status(error.status).headers(error.toHeaders()).type("application/json; charset=utf-8");
    dropBadHeaders(reply);
    void reply.send(error.toBody(request.id));
  }
}

/** A header that Node refuses to send may be why there is an error; with it that could not be told either. */
function dropBadHeaders(reply: FastifyReply): void {
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    try {
      validateHeaderValue(name, value as string);
    } catch {
      reply.removeHeader(name);
    }
  }
}

function fromHttp(exception: unknown, request: FastifyRequest): ApiError {
  // Fastify gives an error that it meets in a body a status of its own.
  if (exception instanceof ApiError) return exception;
  const { statusCode } = exception as { statusCode?: number };
  if (exception instanceof HttpException) {
    const status = exception.getStatus();
    if (status === 413) return new ApiError("request_too_large", "Request exceeds the maximum size");
    if (status === 404)
      return new ApiError("not_found_error", `No route ${request.method} ${request.url.split("?")[0]}`);
    if (status < 500) return new ApiError(mapStatusToErrorType(status), exception.message);
  } else if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500)
    return new ApiError(mapStatusToErrorType(statusCode), (exception as Error).message);
  return toApiError(exception);
}
