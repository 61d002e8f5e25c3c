/** Who does not ask again does not know: an old refusal says nothing about now. */
const validMs = 60_000;
/** A Redis at the edge of its memory takes every second entry: that is no news each time. */
const logIntervalMs = 60_000;

/** A success with another key says nothing. */
const ofSomeKeys = /: (MOVED|CLUSTERDOWN) /;
/** Every command is refused so, and a success of any of them says that it is over. */
const ofAllCommands = /: (BUSY|LOADING|MASTERDOWN) /;

interface Refusal {
  reason: string;
  at: number;
}

/** Which commands Redis lately answered with an error; a success of the same command ends it. */
export class RefusedCommands {
  private readonly refusals = new Map<string, Refusal>();
  /** When an error was last logged, by its first word: `OOM`, `READONLY`. */
  private readonly loggedAt = new Map<string, number>();

  constructor(private readonly now: () => number = () => performance.now()) {}

  get reason(): string | undefined {
    for (const { reason, at } of this.refusals.values()) if (this.now() - at < validMs) return reason;
    return undefined;
  }

  /** The reason, where it is to be logged. */
  add(name: string, text: string): string | undefined {
    const at = this.now();
    const reason = `refuses ${name.toUpperCase()}: ${text}`;
    this.refusals.set(name, { reason, at });
    const [code = ""] = text.split(" ", 1);
    if (at - (this.loggedAt.get(code) ?? -Infinity) <= logIntervalMs) return undefined;
    this.loggedAt.set(code, at);
    return reason;
  }

  remove(name: string): void {
    const known = this.refusals.get(name);
    if (known && !ofSomeKeys.test(known.reason)) this.refusals.delete(name);
    for (const [other, { reason }] of this.refusals)
      if (ofAllCommands.test(reason)) this.refusals.delete(other);
  }
}
