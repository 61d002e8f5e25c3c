import { close, constants, existsSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { isatty } from "node:tty";

/** What may wait for a reader that has stopped reading, in characters. */
const maxWaiting = 1024 * 1024;
const flushIntervalMs = 200;
const retryMs = 50;

/**
 * Where log lines go. A full disk, a broken pipe or a reader that stands still loses lines, never a request, and
 * no memory; when it is well again the lines come again. (sonic-boom keeps the lines of a full disk in memory
 * without limit, and retries for ever when the process is to end.)
 */
export class LogSink {
  private waiting: string[] = [];
  private waitingLength = 0;
  /** Nothing is tried before its retry. */
  private isStalled = false;
  private timer: NodeJS.Timeout | undefined;
  private descriptor: number | undefined;

  /**
   * `target`: a file's path, opened with the first line, or an open file descriptor. Lines are written when there
   * are `blockLength` characters, and at the latest 200 ms later.
   */
  constructor(
    private readonly target: string | number,
    private readonly blockLength: number,
  ) {}

  write(line: string): void {
    if (this.waitingLength + line.length > maxWaiting) return;
    this.waiting.push(line);
    this.waitingLength += line.length;
    if (this.isStalled) return;
    if (this.waitingLength >= this.blockLength) this.flush();
    else this.timer ??= setTimeout(() => this.flush(), flushIntervalMs).unref();
  }

  /** Writes what waits; what cannot be written is lost, or tried again soon where a reader is slow. */
  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.isStalled = false;
    let rest = Buffer.from(this.waiting.join(""));
    this.waiting = [];
    this.waitingLength = 0;
    try {
      this.descriptor ??= open(this.target);
      while (rest.length > 0) rest = rest.subarray(writeSync(this.descriptor, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EAGAIN") this.stall(rest.toString());
    }
  }

  /** Why the target cannot be opened; undefined where it can. */
  findFault(): string | undefined {
    try {
      this.descriptor ??= open(this.target);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** A file that has been renamed is left for a new one of its old name. */
  reopen(): void {
    this.flush();
    const left = this.descriptor;
    this.descriptor = undefined;
    this.flush();
    if (left !== undefined) close(left, () => {});
  }

  private stall(rest: string): void {
    this.waiting = [rest];
    this.waitingLength = rest.length;
    this.isStalled = true;
    this.timer = setTimeout(() => this.flush(), retryMs).unref();
  }
}

function open(target: string | number): number {
  if (typeof target === "number") return isatty(target) ? openTerminal(target) : target;
  makeFolder(dirname(target));
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants;
  // A pipe that nobody reads fails at once, and is tried again with the next line.
  return openSync(target, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK);
}

/** Node's own `recursive` tries for ever below a folder such as /proc, which has no room for others. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another service was first.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/**
 * Once more, for ourselves: Node writes to a terminal and waits, for ever where it stands still (Ctrl-S, a dead ssh).
 * After `su` it may be another's and not to be opened.
 */
function openTerminal(descriptor: number): number {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/dev/fd/${descriptor}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return descriptor;
  }
}

const sinks = new Map<string | number, LogSink>();

/** One for all services of a process. What still waits is written when the process ends, also by an error. */
export function openSink(target: string | number, blockLength: number): LogSink {
  const known = sinks.get(target);
  if (known) return known;
  if (sinks.size === 0) process.once("exit", flushAll);
  const sink = new LogSink(target, blockLength);
  sinks.set(target, sink);
  return sink;
}

/** What SIGHUP is for once a log has been renamed. @returns whether there is a file */
export function reopenFiles(): boolean {
  const files = [...sinks].filter(([target]) => typeof target === "string");
  for (const [, sink] of files) sink.reopen();
  return files.length > 0;
}

function flushAll(): void {
  for (const sink of sinks.values()) sink.flush();
}
