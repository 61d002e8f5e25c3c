import { setFlagsFromString } from "node:v8";

/**
 * V8 collects its old generation whenever the heap has grown by a third or so. Each time events wait for 40 to 90 ms
 * on a busy core (docs/performance.md); a service that holds 40 MB rather lets it grow to two and a half times that. In a pause
 * V8 would also let go of all shapes of objects that no request uses at that moment, and with them of nearly all that it
 * has compiled: the first hundreds of requests after it took two to three times as long. To be called once, before there
 * is much of a heap.
 */
export function letHeapGrow(): void {
  setFlagsFromString("--heap-growing-percent=150");
  setFlagsFromString("--no-memory-reducer-favors-memory");
}
