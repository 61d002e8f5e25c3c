import { Controller, HttpCode, Post } from "@nestjs/common";
import { IdleWatch } from "./idle-watch.js";

@Controller("activity")
export class ActivityController {
  constructor(private readonly idle: IdleWatch) {}

  /** A gateway has answered somebody from the cache, which this host would not see otherwise. */
  @Post()
  @HttpCode(204)
  note(): void {
    this.idle.noteUse();
  }
}
