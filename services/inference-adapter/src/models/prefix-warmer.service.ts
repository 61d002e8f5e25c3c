import { type BeforeApplicationShutdown, Inject, Injectable, type OnModuleInit } from "@nestjs/common";
import { setTimeout as delay } from "node:timers/promises";
import type { CanonicalRequest } from "#anthropic/canonical-request.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import { withoutQuotes } from "#platform/without-quotes.js";
import { INFERENCE_BACKEND, type InferenceBackend, type ServedModel } from "../backends/inference-backend.js";
import { GenerationsService } from "../generations/generations.service.js";
import { InferenceAdapterConfig } from "../inference-adapter.config.js";
import { readPrefixFile, writePrefixFile } from "./prefix-file.js";
import { RecentPrefixes } from "./recent-prefixes.js";
import { toPrefixRequests, toPromptPrefix } from "./to-prefix-requests.js";

const idleCheckMs = 200;
const writeAfterMs = 1000;

/**
 * Brings the longest prompt prefix seen lately into a model that has just been loaded, so that the first turn after a
 * restart does not wait for the evaluation of system prompt and tools. Only while nobody asks anything: the first
 * real request ends it, and evaluates what it needs itself.
 */
@Injectable()
export class PrefixWarmer implements OnModuleInit, BeforeApplicationShutdown {
  private readonly prefixes = new RecentPrefixes();
  private running: AbortController | undefined;
  private writing: NodeJS.Timeout | undefined;

  constructor(
    private readonly config: InferenceAdapterConfig,
    private readonly generations: GenerationsService,
    @Inject(INFERENCE_BACKEND) private readonly backend: InferenceBackend,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    const { MODEL_WARMUP_FILE: path } = this.config;
    if (path === "") return;
    try {
      for (const [model, prefix] of await readPrefixFile(path)) this.prefixes.note(model, path, () => prefix);
    } catch (error) {
      const reason = withoutQuotes((error as Error).message);
      this.logger.warn({ path, reason }, "the warm-up file cannot be read");
    }
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.running?.abort();
    if (this.writing) await this.write();
  }

  /** Somebody asks a model. `key` names his prompt's prefix. */
  note(request: CanonicalRequest, { name }: ServedModel, key: string): void {
    this.running?.abort();
    const isNews = this.prefixes.note(name, key, () => toPromptPrefix(request));
    if (isNews && this.config.MODEL_WARMUP_FILE !== "")
      this.writing ??= setTimeout(() => void this.write(), writeAfterMs).unref();
  }

  /** Call it when the model has just been loaded. Never throws. */
  async evaluate(model: ServedModel): Promise<void> {
    const prefix = this.prefixes.longest(model.name);
    if (!prefix) return;
    this.running?.abort();
    const { signal } = (this.running = new AbortController());
    const startedAt = performance.now();
    try {
      for (const request of toPrefixRequests(prefix, model.name)) await this.whenIdle(request, model, signal);
      const seconds = (performance.now() - startedAt) / 1000;
      this.logger.info({ model: model.name, seconds }, "the prompt prefix is evaluated");
    } catch (error) {
      if (signal.aborted) return;
      const reason = withoutQuotes((error as Error).message);
      this.logger.warn({ model: model.name, reason }, "no prompt prefix evaluated");
    }
  }

  private async whenIdle(request: CanonicalRequest, model: ServedModel, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      // Not with the signal: the backend evaluates it to its end anyway, and its place is busy until then.
      if (await this.generations.whenIdle((ending) => this.backend.generate(request, model, ending))) return;
      await delay(idleCheckMs, undefined, { signal, ref: false });
    }
  }

  private async write(): Promise<void> {
    const { MODEL_WARMUP_FILE: path } = this.config;
    clearTimeout(this.writing);
    this.writing = undefined;
    try {
      await writePrefixFile(path, this.prefixes.all());
    } catch (error) {
      this.logger.warn({ path, reason: (error as Error).message }, "the warm-up file cannot be written");
    }
  }
}
