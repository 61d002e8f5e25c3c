import type { LoggerService } from "@nestjs/common";
import pino, { type Logger } from "pino";
import pretty from "pino-pretty";
import type { ServiceConfig } from "./service-config.js";

export type { Logger } from "pino";

/** Injection token of the service's logger. Prompts, answers and secrets are never logged above debug. */
export const LOGGER = Symbol("LOGGER");

/** JSON lines on stdout, readable ones on a terminal; the JSON lines in `LOG_FILE` as well. */
export function createLogger(service: string, config: ServiceConfig): Logger {
  const streams = [process.stdout.isTTY ? pretty({ ignore: "pid,hostname" }) : toStdout()];
  if (config.LOG_FILE) streams.push(openLogFile(config.LOG_FILE));
  return pino(
    { level: config.LOG_LEVEL, base: { service }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.multistream(
      streams.map((stream) => ({ stream, level: "trace" as const })),
      { dedupe: false },
    ),
  );
}

/** Lines are written some at a time, and at the latest after this; a line of its own for each request costs too much. */
const flushIntervalMs = 200;
const blockBytes = 4096;
let stdout: ReturnType<typeof pino.destination> | undefined;

/** One for all services of a process. What is still waiting is written when the process ends, also by an error. */
function toStdout() {
  if (stdout) return stdout;
  const stream = pino.destination({
    dest: 1,
    sync: true,
    minLength: blockBytes,
    periodicFlush: flushIntervalMs,
  });
  process.on("exit", () => stream.flushSync());
  stdout = stream;
  return stream;
}

/** A full disk loses log lines, never a request. */
function openLogFile(path: string) {
  const file = pino.destination({ dest: path, append: true, mkdir: true, sync: false });
  file.on("error", () => {});
  return file;
}

/** Nest's own messages through the service's logger. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}
  log(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  error(message: unknown, stack?: string, context?: string): void {
    this.logger.error({ context, stack }, String(message));
  }
  warn(message: unknown, context?: string): void {
    this.logger.warn({ context }, String(message));
  }
  debug(message: unknown, context?: string): void {
    this.logger.debug({ context }, String(message));
  }
  verbose(message: unknown, context?: string): void {
    this.logger.trace({ context }, String(message));
  }
}
