import type { FastifyRequest } from "fastify";

/** The parsed body, once: an answer may take minutes, and the request does not keep a large body for so long. */
export function takeBody(request: FastifyRequest): unknown {
  const { body } = request;
  request.body = undefined;
  return body;
}
