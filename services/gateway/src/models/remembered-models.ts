import { Injectable } from "@nestjs/common";
import { hash } from "node:crypto";
import type { ModelCard } from "#service-contracts/model-card.js";
import { CacheClient } from "../caching/cache.client.js";
import { GatewayConfig } from "../gateway.config.js";

/** Long before the cache service forgets it. */
const rewriteMs = 3_600_000;

/**
 * The models that the inference service listed last, kept beside the answers: without their fingerprints no answer
 * is found, so after a restart nothing would hit until the backend is up. Gateways before one
 * `INFERENCE_URL` share them.
 */
@Injectable()
export class RememberedModels {
  private readonly note: string;
  private written = "";
  private writtenAt = -Infinity;

  constructor(
    config: GatewayConfig,
    private readonly cache: CacheClient,
  ) {
    this.note = hash("sha256", JSON.stringify(["models", config.INFERENCE_URL]), "hex");
  }

  /** Nobody waits for it; what was not taken is written with the next listing. */
  write(models: readonly ModelCard[]): void {
    const text = JSON.stringify(models);
    const now = performance.now();
    if (text === this.written && now - this.writtenAt < rewriteMs) return;
    this.written = text;
    this.writtenAt = now;
    void this.cache.putNote(this.note, models).then((isTaken) => {
      if (!isTaken) this.writtenAt = -Infinity;
    });
  }

  async read(): Promise<ModelCard[] | undefined> {
    const models = await this.cache.getNote(this.note);
    return Array.isArray(models) && models.every(isModelCard) ? models : undefined;
  }
}

function isModelCard(value: unknown): value is ModelCard {
  return typeof (value as Partial<ModelCard> | null)?.id === "string";
}
