import { Injectable } from "@nestjs/common";
import { ApiError, parseErrorBody } from "#anthropic/errors.js";
import type { HttpClient } from "#platform/http-client.js";
import { createCacheHttpClient } from "./cache-http-client.js";
import { GatewayConfig } from "../gateway.config.js";
import { NearTier } from "../near-tier/near-tier.js";
import { PendingStores } from "./pending-stores.js";

/** Administration may take its time; a message's lookup may not (see `CacheClient`). */
const adminTimeoutMs = 30_000;

@Injectable()
export class CacheAdminClient {
  private readonly http: HttpClient;

  constructor(
    config: GatewayConfig,
    private readonly near: NearTier,
    private readonly pending: PendingStores,
  ) {
    this.http = createCacheHttpClient(config);
  }

  /** @throws ApiError what the cache service refused with, or that it does not answer */
  async ask(method: "GET" | "DELETE", path: string, query: Record<string, string> = {}): Promise<unknown> {
    // What is on its way belongs to what is listed, and must not come back after it was deleted.
    await this.pending.settle();
    const search = new URLSearchParams(query).toString();
    const { status, body } = await this.http
      .request({ method, path: search === "" ? path : `${path}?${search}`, timeoutMs: adminTimeoutMs })
      .catch((error: Error) => {
        throw new ApiError("api_error", `The cache service cannot answer: ${error.message}`, {
          cause: error,
        });
      })
      .finally(() => {
        // What is deleted through this gateway is never given by it again, whoever else has heard of it by then.
        if (method === "DELETE") this.near.letGoOfAll();
      });
    if (status >= 400) throw parseErrorBody(status, body);
    return body;
  }
}
