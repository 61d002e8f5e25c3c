import { type DynamicModule, Module } from "@nestjs/common";
import { APP_FILTER, NestFactory } from "@nestjs/core";
import { FastifyAdapter, type NestFastifyApplication } from "@nestjs/platform-fastify";
import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { ApiError } from "#anthropic/errors.js";
import { mintRequestId } from "#anthropic/ids.js";
import { AnthropicExceptionFilter } from "./anthropic-exception.filter.js";
import { BodyBudget } from "./body-budget.js";
import type { CallerCheck } from "./callers/check-caller.js";
import { Connections } from "./connections.js";
import { giveBackMemory } from "./give-back-memory.js";
import { letHeapGrow } from "./let-heap-grow.js";
import { ConfigError, loadEnvFile } from "./load-config.js";
import { reopenFiles } from "./log-sink.js";
import { LOGGER, type Logger, NestLogger } from "./logging.js";
import { type BodyOptions, readJsonBodies } from "./read-json-bodies.js";
import { refuseConnection, refuseTunnel } from "./refuse-connection.js";
import { Shutdown } from "./shutdown.js";

export interface ServiceOptions extends BodyOptions {
  module: DynamicModule;
  logger: Logger;
  host: string;
  port: number;
  maxBodyBytes: number;
  checkCaller: CallerCheck;
  drainTimeoutMs: number;
  /** How much of long bodies it has at once: its own. */
  bodies?: BodyBudget;
}

export interface RunningService {
  url: string;
  app: NestFastifyApplication;
  /** Takes no more requests, waits for the answers under way, ends what is left with an error. */
  close(drainTimeoutMs?: number): Promise<void>;
}

/**
 * Node takes one new connection in each turn of its event loop. Beyond this many that wait (the kernel has a limit of
 * its own, net.core.somaxconn, by default the same), a connection is tried again after seconds.
 */
const backlog = 4096;
/** How often a closing service closes the connections that have nothing to do any more. */
const sweepIntervalMs = 50;
/** How long the ended answers have to come to their clients before all connections are closed. */
const lastWordsMs = 1000;
/** No name in a path is longer. */
const maxParamLength = 500;
/** A Ctrl-C comes from the terminal and again from npm and the start script; within this time they are one. */
const sameSignalMs = 300;

/** Starts one service: a Nest application on Fastify, with explicit limits and Anthropic's errors. */
export async function startService(options: ServiceOptions): Promise<RunningService> {
  const { logger, host, port, bodies = new BodyBudget() } = options;
  const shutdown = new Shutdown();
  const connections = new Connections();
  const adapter = new FastifyAdapter({
    bodyLimit: options.maxBodyBytes,
    keepAliveTimeout: 75_000,
    requestTimeout: 300_000,
    genReqId: () => mintRequestId(),
    requestIdHeader: false,
    forceCloseConnections: "idle",
    return503OnClosing: false,
    frameworkErrors: (fault: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
      const error = toRouterError(fault);
      const headers = { ...error.toHeaders(), "request-id": request.id };
      void reply.status(error.status).headers(headers).send(error.toBody(request.id));
    },
    // Who names no host, or expects what we do not know, is answered as everybody else.
    http: { requireHostHeader: false },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, connections),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength },
  });
  const app = await NestFactory.create<NestFastifyApplication>(withPlumbing(options, shutdown), adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  readJsonBodies(adapter.getInstance(), options);
  adapter.getInstance().addHook("onRequest", async (request, reply) => {
    if (connections.isRushing(request.raw.socket)) {
      request.raw.socket.destroy();
      throw new ApiError("rate_limit_error", "Too many requests at once on one connection");
    }
    reply.header("request-id", request.id);
    options.checkCaller(request);
    bodies.admit(request.raw, reply.raw);
  });
  adapter.getInstance().addHook("preParsing", ({ raw }, reply, _payload, done) => {
    bodies.count(raw, reply.raw);
    done();
  });
  const server = app.getHttpServer();
  connections.watch(server);
  server.on("checkExpectation", (request, response) => server.emit("request", request, response));
  server.on("connect", (_request, socket: Duplex) => refuseTunnel(socket, connections));
  const close = async (drainTimeoutMs = options.drainTimeoutMs) => {
    const timer = setTimeout(() => shutdown.endAnswers(), drainTimeoutMs);
    const lastsUntil = performance.now() + drainTimeoutMs + lastWordsMs;
    // A connection falls idle when its answer ends; without this it would be waited for until keepAliveTimeout.
    const sweep = setInterval(() => {
      server.closeIdleConnections();
      // Who does not read, or sends a request without an end, would be waited for forever.
      if (performance.now() > lastsUntil) connections.closeAll();
    }, sweepIntervalMs);
    await app.close().finally(() => {
      clearTimeout(timer);
      clearInterval(sweep);
      shutdown.endAnswers();
    });
  };
  try {
    await app.listen({ port, host, backlog });
  } catch (error) {
    await close(0);
    throw error;
  }
  server.headersTimeout = 80_000;
  const address = server.address() as AddressInfo;
  return { url: `http://${urlHost(host)}:${address.port}`, app, close };
}

/** Runs a service as its own process: reads `.env`, lists every bad value and exits 1, closes on a signal. */
export async function runService(start: (env: NodeJS.ProcessEnv) => Promise<RunningService>): Promise<void> {
  letHeapGrow();
  try {
    loadEnvFile();
    const service = await start(process.env);
    giveBackMemory();
    closeOnSignal((drainTimeoutMs) => service.close(drainTimeoutMs));
  } catch (error) {
    process.stderr.write(`${startError(error)}\n`);
    process.exit(1);
  }
}

/** What to print when a start failed. */
export function startError(error: unknown): string {
  if (error instanceof ConfigError)
    return `The configuration has ${error.faults.length} fault(s):\n  ${error.faults.join("\n  ")}`;
  const { code, message, stack } = error as NodeJS.ErrnoException;
  if (code === "EADDRINUSE" || code === "EACCES") return `Cannot listen: ${message}`;
  return stack ?? String(error);
}

/**
 * SIGTERM lets the answers under way finish; SIGINT, from somebody at a terminal, ends them. A second signal
 * ends the process at once. SIGHUP reopens `LOG_FILE`; where there is none, the terminal is gone, and it is like
 * SIGTERM. It may come from the kernel and from the shell, so a second one hurries nothing.
 */
export function closeOnSignal(close: (drainTimeoutMs: number | undefined) => Promise<void>): void {
  let closingSince: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (closingSince !== undefined && now - closingSince > sameSignalMs) process.exit(1);
    if (closingSince !== undefined) return;
    closingSince = now;
    close(signal === "SIGINT" ? 0 : undefined).then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`${String(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  process.on("SIGHUP", () => {
    if (!reopenFiles() && closingSince === undefined) onSignal("SIGTERM");
  });
}

function withPlumbing({ module, logger }: ServiceOptions, shutdown: Shutdown): DynamicModule {
  return {
    module: PlumbingModule,
    global: true,
    imports: [module],
    providers: [
      { provide: LOGGER, useValue: logger },
      { provide: Shutdown, useValue: shutdown },
      { provide: APP_FILTER, useClass: AnthropicExceptionFilter },
    ],
    exports: [LOGGER, Shutdown],
  };
}

@Module({})
class PlumbingModule {}

/** What the router refuses comes by no hook and no filter. */
function toRouterError({ code, message }: FastifyError): ApiError {
  if (code === "FST_ERR_MAX_PARAM_LENGTH")
    return new ApiError("not_found_error", `Nothing here has a name of over ${maxParamLength} characters`);
  return new ApiError("invalid_request_error", message);
}

function urlHost(host: string): string {
  if (host === "0.0.0.0" || host === "::") return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}
