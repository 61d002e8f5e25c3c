// Loaded into each service before its own code (`--import`). On SIGUSR2 it reads CONTROL_FILE: the clock of this
// process then differs by so many milliseconds, as after a step of the machine's clock (timers are monotonic and
// do not step there either), and the heap is collected, so that what is left of it can be compared.
import { readFileSync } from "node:fs";

const RealDate = Date;
let offsetMs = 0;

globalThis.Date = class Date extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(RealDate.now() + offsetMs);
    else super(...parts);
  }
  static now() {
    return RealDate.now() + offsetMs;
  }
};

process.on("SIGUSR2", () => {
  offsetMs = Number(readFileSync(process.env.CONTROL_FILE, "utf8"));
  globalThis.gc?.();
});
