import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from "@nestjs/common";
import { Registry } from "prom-client";
import { LOGGER, type Logger } from "#platform/logging.js";
import { observeGauge } from "#platform/metrics.js";
import { GenerationsService } from "../generations/generations.service.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { DefaultModelService } from "../models/default-model.service.js";
import { runCommand } from "./run-command.js";

const tickMs = 1000;

/**
 * How long nobody has used this host: no request, no generation, no model that comes nearer. After IDLE_MINUTES
 * it runs IDLE_COMMAND, once until somebody uses the host again. A command that fails is tried again after
 * another IDLE_MINUTES.
 */
@Injectable()
export class IdleWatch implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private usedAt = performance.now();
  /** When the command is to run; undefined: it has done its work. */
  private dueAt: number | undefined;
  private pulledPercent = 0;
  private wasReady = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: InferenceAdapterConfig,
    private readonly generations: GenerationsService,
    private readonly defaultModel: DefaultModelService,
    @Inject(Registry) registry: Registry,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.postpone();
    observeGauge(registry, "llm_idle_seconds", "Seconds since somebody used this host.", () => this.seconds);
  }

  get seconds(): number {
    return this.generations.isBusy ? 0 : (performance.now() - this.usedAt) / 1000;
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.tick(), tickMs).unref();
  }

  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  noteUse(): void {
    this.usedAt = performance.now();
    this.postpone();
  }

  private tick(): void {
    if (this.generations.isBusy || this.hasComeNearer()) return this.noteUse();
    if (this.dueAt === undefined || performance.now() < this.dueAt) return;
    this.dueAt = undefined;
    if (this.config.IDLE_COMMAND !== "") void this.run(this.config.IDLE_COMMAND);
  }

  private async run(command: string): Promise<void> {
    this.logger.warn(
      { idle_seconds: Math.round(this.seconds) },
      "nobody uses this host: running IDLE_COMMAND",
    );
    const usedAt = this.usedAt;
    const failure = await runCommand(command);
    if (failure === undefined) return this.logger.info("IDLE_COMMAND is done");
    this.logger.error({ failure }, "IDLE_COMMAND failed");
    if (this.usedAt === usedAt) this.postpone();
  }

  private postpone(): void {
    this.dueAt = performance.now() + this.config.IDLE_MINUTES * 60_000;
  }

  /** A pull that fails again and again gets no further: it does not keep a host that costs money. */
  private hasComeNearer(): boolean {
    const { state } = this.defaultModel;
    const before = { percent: this.pulledPercent, wasReady: this.wasReady };
    if (state.step === "pulling") this.pulledPercent = Math.max(this.pulledPercent, state.percent);
    this.wasReady ||= state.step === "ready";
    return this.pulledPercent > before.percent || this.wasReady !== before.wasReady;
  }
}
