import { Controller, Post, Req } from "@nestjs/common";
import type { FastifyRequest } from "fastify";
import { ApiError } from "#anthropic/errors.js";

/** What programs ask whose base URL is not as they want it: some add `/v1` to it, others do not. */
@Controller()
export class WrongPathController {
  @Post(["messages", "messages/count_tokens"])
  withoutVersion(@Req() request: FastifyRequest): never {
    throw toFault(request, "this program wants a base URL with /v1 at its end");
  }

  @Post(["v1/v1/messages", "v1/v1/messages/count_tokens"])
  withTwoVersions(@Req() request: FastifyRequest): never {
    throw toFault(request, "this program wants a base URL without /v1 at its end");
  }

  @Post(["chat/completions", "v1/chat/completions", "responses", "v1/responses"])
  ofAnotherApi(@Req() request: FastifyRequest): never {
    throw toFault(request, "here is Anthropic's Messages API, and the program is set up for OpenAI's");
  }
}

const toFault = ({ url }: FastifyRequest, reason: string) =>
  new ApiError("not_found_error", `No route POST ${url.split("?")[0]}: ${reason}`);
