import { Injectable, type OnModuleInit } from "@nestjs/common";
import { HttpAdapterHost } from "@nestjs/core";
import type { FastifyAdapter } from "@nestjs/platform-fastify";
import { ApiError } from "#anthropic/errors.js";

/** Bodies are checked to be JSON, but stay text in this service: what is stored is what came. */
@Injectable()
export class JsonText implements OnModuleInit {
  constructor(private readonly host: HttpAdapterHost<FastifyAdapter>) {}

  onModuleInit(): void {
    const fastify = this.host.httpAdapter.getInstance();
    fastify.removeAllContentTypeParsers();
    fastify.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => {
      try {
        if (body !== "") JSON.parse(body as string);
        done(null, body);
      } catch {
        done(new ApiError("invalid_request_error", "The request body is not valid JSON"));
      }
    });
  }
}
