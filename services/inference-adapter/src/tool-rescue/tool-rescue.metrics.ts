import { Inject, Injectable } from "@nestjs/common";
import { Counter, Registry } from "prom-client";
import { type RescueKind, rescueKinds } from "./call-reader.js";

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
    for (const kind of [...rescueKinds, "retry" as const]) this.rescues.inc({ kind }, 0);
  }

  count(kind: Rescue): void {
    this.rescues.inc({ kind });
  }
}
