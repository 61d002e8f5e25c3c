import { Gauge, type Registry } from "prom-client";

/** A gauge of the near tier, named as the cache service's own are. */
export function observeTier(registry: Registry, name: string, help: string, read: () => number): Gauge {
  return new Gauge({
    name,
    help,
    labelNames: ["tier"],
    registers: [registry],
    collect() {
      this.set({ tier: "gateway" }, read());
    },
  });
}
