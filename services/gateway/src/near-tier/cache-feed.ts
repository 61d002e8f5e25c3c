import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from "@nestjs/common";
import type { IncomingMessage } from "node:http";
import type { HttpClient } from "#platform/http-client.js";
import { LOGGER, type Logger } from "#platform/logging.js";
import type { ChangeLine } from "#service-contracts/near-copies.js";
import { createCacheHttpClient } from "../caching/cache-http-client.js";
import { PendingStores } from "../caching/pending-stores.js";
import { GatewayConfig } from "../gateway.config.js";
import { decodeLines } from "./decode-lines.js";
import { NearTier } from "./near-tier.js";
import { StoredKeys } from "./stored-keys.js";

const openTimeoutMs = 5000;
/** The cache service says something every half second. */
const maxSilenceMs = 10_000;
const retryMs = 1000;

/** Listens to what changes in the cache service, and keeps the near tier and the known keys right. */
@Injectable()
export class CacheFeed implements OnModuleInit, OnApplicationShutdown {
  /** What the cache service calls this gateway; undefined while it is not listened to. */
  reader: string | undefined;
  private readonly http: HttpClient;
  private readonly closed = new AbortController();
  private retry: NodeJS.Timeout | undefined;

  constructor(
    config: GatewayConfig,
    private readonly near: NearTier,
    private readonly stored: StoredKeys,
    private readonly pending: PendingStores,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.http = createCacheHttpClient(config);
  }

  onModuleInit(): void {
    if (this.near.isOn) void this.listen();
  }

  onApplicationShutdown(): void {
    clearTimeout(this.retry);
    this.closed.abort();
  }

  private async listen(): Promise<void> {
    try {
      await this.follow();
    } catch (error) {
      this.logger.debug({ reason: (error as Error).message }, "the cache's changes are not heard");
    } finally {
      this.reader = undefined;
      this.near.endFollowing();
      this.stored.end();
    }
    if (this.closed.signal.aborted) return;
    this.retry = setTimeout(() => void this.listen(), retryMs).unref();
  }

  private async follow(): Promise<void> {
    const { signal } = this.closed;
    const { status, body } = await this.http.stream({
      method: "GET",
      path: "/changes",
      signal,
      timeoutMs: openTimeoutMs,
    });
    const end = () => body.destroy();
    signal.addEventListener("abort", end, { once: true });
    const silence = setTimeout(end, maxSilenceMs).unref();
    try {
      if (status !== 200) throw new Error(`the cache service answered with status ${status}`);
      await this.read(body, silence);
    } finally {
      clearTimeout(silence);
      signal.removeEventListener("abort", end);
      body.destroy();
    }
  }

  private async read(body: IncomingMessage, silence: NodeJS.Timeout): Promise<void> {
    for await (const lines of decodeLines(body)) {
      silence.refresh();
      this.near.heard();
      for (const line of lines as ChangeLine[]) this.apply(line);
    }
  }

  private apply(line: ChangeLine): void {
    switch (line.type) {
      case "hello":
        this.reader = line.reader;
        this.near.beginFollowing(line.instance);
        return this.stored.begin(line.instance);
      case "changed":
        this.stored.add(line.keys);
        return this.near.letGo(line.keys);
      case "all_changed":
        this.stored.beginAnew();
        return this.near.letGoOfAll();
      case "unheard":
        return this.stored.beginAnew();
      case "cleared":
        this.pending.forget(line.filter);
        return this.near.letGoOfAll();
      case "given":
        return line.hashes.forEach((hash) => this.near.noteGiven(hash));
      case "beat":
        return;
      default:
        // A newer cache service says something that is not understood: nothing is sure any more.
        throw new Error("an unknown line");
    }
  }
}
