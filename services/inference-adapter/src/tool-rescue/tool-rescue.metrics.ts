import { Inject, Injectable } from "@nestjs/common";
import { Counter, Registry } from "prom-client";
import type { RescueKind } from "./call-reader.js";

/** A call found in text, by its form; or a generation run again because its call was swallowed. */
export type Rescue = RescueKind | "retry";

@Injectable()
export class ToolRescueMetrics {
  private readonly rescues: Counter;

  constructor(@Inject(Registry) registry: Registry) {
    this.rescues = new Counter({
      name: "llm_tool_call_rescues_total",
      help: "Tool calls recovered from text by their form, and generations run again because the backend lost their call.",
      labelNames: ["kind"],
      registers: [registry],
    });
  }

  count(kind: Rescue): void {
    this.rescues.inc({ kind });
  }
}
