import { Controller, Get, Header, Inject, Module } from "@nestjs/common";
import { Gauge, Registry, collectDefaultMetrics } from "prom-client";
import { LastKnown } from "./last-known.js";

@Controller("metrics")
class MetricsController {
  private readonly page = new LastKnown(() => this.registry.metrics());

  constructor(@Inject(Registry) private readonly registry: Registry) {}

  @Get()
  @Header("content-type", Registry.PROMETHEUS_CONTENT_TYPE)
  scrape(): Promise<string> {
    return this.page.refresh();
  }
}

/** One registry a service, also where several services share a process, and `GET /metrics` over it. */
@Module({
  controllers: [MetricsController],
  providers: [
    {
      provide: Registry,
      useFactory: () => {
        const register = new Registry();
        collectDefaultMetrics({ register });
        return register;
      },
    },
  ],
  exports: [Registry],
})
export class MetricsModule {}

/** A gauge that reads its value when it is scraped. */
export function observeGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | Promise<number>,
): Gauge {
  return new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      this.set(await read());
    },
  });
}
