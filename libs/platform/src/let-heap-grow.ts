import { setFlagsFromString } from "node:v8";

/**
 * V8 collects its old generation whenever the heap has grown by a third or so. Each time events wait for 40 to 90 ms
 * on a busy core (docs/performance.md); a service that holds 40 MB rather lets it grow to three times that. To be
 * called once, before there is much of a heap.
 */
export function letHeapGrow(): void {
  setFlagsFromString("--heap-growing-percent=200");
}
