import type { RawBodyRequest } from "@nestjs/common";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { checkNesting } from "#anthropic/check-nesting.js";
import { ApiError } from "#anthropic/errors.js";
import { checkValueCount } from "./check-value-count.js";

export interface BodyOptions {
  /** Where a body may be nested more deeply than a request. */
  deepestBody?: number;
  /** A request's body is wanted as it came, too: `rawBody`. */
  keepsRawBodies?: boolean;
}

/** A byte order mark, as Windows' programs write one, is passed over. */
const utf8 = new TextDecoder("utf-8", { fatal: true });

/** Every body is JSON, whatever its content type says: clients forget the header. */
export function readJsonBodies(fastify: FastifyInstance, { deepestBody, keepsRawBodies }: BodyOptions): void {
  fastify.removeAllContentTypeParsers();
  // Fastify itself refuses a type that it cannot parse.
  fastify.addHook("onRequest", ({ raw }, _reply, done) => {
    if (raw.headers["content-type"] !== undefined) raw.headers["content-type"] = "application/json";
    done();
  });
  const options = { parseAs: "buffer" } as const;
  fastify.addContentTypeParser("*", options, (request: RawBodyRequest<FastifyRequest>, body, done) => {
    // Nobody reads it, and its sender is to hear that there is no such route.
    if (request.is404) return done(null, undefined);
    const encoding = request.headers["content-encoding"];
    if (isEncoded(encoding))
      return done(
        new ApiError("invalid_request_error", `A body of content-encoding ${encoding} cannot be read`),
      );
    const bytes = body as Buffer;
    if (bytes.length === 0) return done(null, undefined);
    if (keepsRawBodies) request.rawBody = bytes;
    try {
      checkValueCount(bytes);
      const value = parseJson(decode(bytes));
      checkNesting(value, deepestBody);
      done(null, value);
    } catch (error) {
      done(error as Error);
    }
  });
}

function isEncoded(encoding = ""): boolean {
  return !["", "identity"].includes(encoding.trim().toLowerCase());
}

/** A byte that is no UTF-8 would become the same mark as any other: another question. */
function decode(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new ApiError("invalid_request_error", "The request body is not valid UTF-8");
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ApiError("invalid_request_error", "The request body is not valid JSON");
  }
}
