import { Controller, HttpCode, Param, Post } from "@nestjs/common";
import { ApiError } from "#anthropic/errors.js";
import { Subscriptions } from "./subscriptions.js";

@Controller("subscriptions")
export class SubscriptionsController {
  constructor(private readonly subscriptions: Subscriptions) {}

  /** A gateway whose client has left goes on as its recorder, which keeps no generation alive. */
  @Post(":id/detach")
  @HttpCode(204)
  detach(@Param("id") id: string): void {
    if (!this.subscriptions.detach(id)) throw new ApiError("not_found_error", "No such subscription");
  }
}
