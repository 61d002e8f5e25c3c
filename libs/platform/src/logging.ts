import type { LoggerService } from "@nestjs/common";
import pino, { type DestinationStream, type Logger } from "pino";
import pretty from "pino-pretty";
import { type LogSink, openSink } from "./log-sink.js";
import type { ServiceConfig } from "./service-config.js";

export type { Logger } from "pino";

/** Injection token of the service's logger. Prompts, answers and secrets are never logged above debug. */
export const LOGGER = Symbol("LOGGER");

/** Lines go to stdout some at a time: a write of its own for each request costs too much. */
const stdoutBlockLength = 4096;

/** JSON lines on stdout, readable ones on a terminal; the JSON lines in `LOG_FILE` as well. */
export function createLogger(service: string, config: ServiceConfig): Logger {
  const streams: DestinationStream[] = [process.stdout.isTTY ? readable(openStdout()) : openStdout()];
  const file = config.LOG_FILE ? openSink(config.LOG_FILE, 0) : undefined;
  if (file) streams.push(file);
  const logger = pino(
    { level: config.LOG_LEVEL, base: { service }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.multistream(
      streams.map((stream) => ({ stream, level: "trace" as const })),
      { dedupe: false },
    ),
  );
  const fault = file?.findFault();
  if (fault !== undefined) logger.warn({ reason: fault }, "LOG_FILE cannot be written");
  return logger;
}

/** Where everything goes that a service prints: `process.stdout` fails or waits when nobody reads. */
export function openStdout(): LogSink {
  return openSink(1, process.stdout.isTTY ? 0 : stdoutBlockLength);
}

function readable(sink: LogSink): DestinationStream {
  const format = pretty.prettyFactory({ ignore: "pid,hostname" });
  return { write: (line) => sink.write(format(line)) };
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
