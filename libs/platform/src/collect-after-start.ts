import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Until then what a start needs has been read and asked. */
const afterMs = 2000;

/**
 * Gives back once what loading a program leaves behind: 9 to 25 MB (docs/performance.md), which V8 would keep until
 * the heap has grown to a multiple of it. It takes some 30 ms, so it waits for the first second to be over.
 */
export function collectAfterStart(): void {
  setTimeout(() => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as NodeJS.GCFunction;
    setFlagsFromString("--no-expose-gc");
    collect({ type: "major", flavor: "last-resort" });
  }, afterMs).unref();
}
