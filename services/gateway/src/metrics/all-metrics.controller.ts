import { Controller, Get, Header } from "@nestjs/common";
import { Registry } from "prom-client";
import { AllMetrics } from "./all-metrics.service.js";

@Controller("metrics")
export class AllMetricsController {
  constructor(private readonly metrics: AllMetrics) {}

  @Get("all")
  @Header("content-type", Registry.PROMETHEUS_CONTENT_TYPE)
  scrape(): Promise<string> {
    return this.metrics.collect();
  }
}
