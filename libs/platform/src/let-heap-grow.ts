import { setFlagsFromString } from "node:v8";

/**
 * V8 collects its old generation whenever the heap has grown by a third or so. Each time events wait for 40 to 90 ms
 * on a busy core (docs/performance.md); a service that holds 40 MB rather lets it grow to two and a half times that.
 *
 * In a pause V8 would also let go of the shapes of all objects that no request uses at that moment, and with them of
 * most that it has compiled: the first hundreds of requests after it took two to three times as long. What that costs
 * in memory `giveBackMemory` gives back.
 *
 * To be called once, before there is much of a heap.
 */
export function letHeapGrow(): void {
  setFlagsFromString("--heap-growing-percent=150");
  setFlagsFromString("--no-memory-reducer-favors-memory");
}
