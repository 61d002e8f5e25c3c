import { Controller, Get, UseGuards } from "@nestjs/common";
import { AdminGuard } from "../access/admin.guard.js";
import { RecentRequests, type RequestRecord } from "./recent-requests.js";
import { type Status, StatusService } from "./status.service.js";

@Controller("status")
export class StatusController {
  constructor(
    private readonly service: StatusService,
    private readonly recent: RecentRequests,
  ) {}

  @Get()
  status(): Promise<Status> {
    return this.service.status();
  }

  /** When others ask and for how much is theirs to know: where there are keys, it takes the administrator's. */
  @Get("requests")
  @UseGuards(AdminGuard)
  requests(): { data: readonly RequestRecord[] } {
    return { data: this.recent.list() };
  }
}
