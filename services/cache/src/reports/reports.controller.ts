import { Body, Controller, HttpCode, Post } from "@nestjs/common";
import { GatewayReports } from "./gateway-reports.js";
import { parseGatewayReport } from "./parse-gateway-report.js";

@Controller("reports")
export class ReportsController {
  constructor(private readonly reports: GatewayReports) {}

  @Post()
  @HttpCode(204)
  async take(@Body() body: unknown): Promise<void> {
    await this.reports.take(parseGatewayReport(body));
  }
}
