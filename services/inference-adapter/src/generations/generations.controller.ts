import { Controller, Delete, HttpCode } from "@nestjs/common";
import { GenerationsService } from "./generations.service.js";

@Controller("generations")
export class GenerationsController {
  constructor(private readonly generations: GenerationsService) {}

  /** Answers were deleted from the cache, which retries would get from here. */
  @Delete("finished")
  @HttpCode(204)
  forgetFinished(): void {
    this.generations.forgetFinished();
  }
}
