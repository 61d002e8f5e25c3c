import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Health checks, scrapes and what is heard of other services take less of a minute than this; a burst takes more. */
const busyShare = 0.02;

export interface GiveBackTimes {
  /** Until then what a start needs has been read and asked. */
  afterStartMs?: number;
  restMs?: number;
}

/**
 * Gives back what V8 would keep until the heap has grown to a multiple of it: once what loading a program leaves behind,
 * 9 to 25 MB (docs/performance.md), and from then on what a burst of work leaves, when a minute of rest has passed. It
 * takes some 30 ms and more, and what was compiled for the burst is lost, so it is not done sooner.
 */
export function giveBackMemory({ afterStartMs = 2000, restMs = 60_000 }: GiveBackTimes = {}): void {
  setTimeout(() => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as NodeJS.GCFunction;
    setFlagsFromString("--no-expose-gc");
    const giveBack = () => collect({ type: "major", flavor: "last-resort" });
    giveBack();
    afterRests(restMs, giveBack);
  }, afterStartMs).unref();
}

/** Calls it at the end of the first of such times in which there was hardly any work, if there was some before. */
function afterRests(restMs: number, call: () => void): void {
  let since = performance.eventLoopUtilization();
  let hasWorked = false;
  setInterval(() => {
    const isRest = performance.eventLoopUtilization(since).utilization < busyShare;
    if (isRest && hasWorked) call();
    hasWorked = !isRest;
    // The call itself is no work: a long one would lead to the next.
    since = performance.eventLoopUtilization();
  }, restMs).unref();
}
