import { Injectable } from "@nestjs/common";
import type { ErrorType } from "#anthropic/errors.js";
import type { CacheResult, Exchange } from "../messages/exchange.js";

/** One answered request without its content. */
export interface RequestRecord {
  /** RFC 3339, when it came. */
  at: string;
  /** The model asked for; null where the request did not get so far. */
  model: string | null;
  result: CacheResult | "error";
  error: ErrorType | null;
  stream: boolean;
  ms: number;
  first_token_ms: number | null;
  input_tokens: number | null;
  output_tokens: number | null;
  /** While the model wrote; null for what it did not write for this request. */
  tokens_per_second: number | null;
}

const kept = 200;

/** The last requests that this gateway answered, newest first. In memory only. */
@Injectable()
export class RecentRequests {
  private readonly records: RequestRecord[] = [];

  note(exchange: Exchange, error: ErrorType | undefined): void {
    this.records.unshift(toRecord(exchange, error));
    if (this.records.length > kept) this.records.pop();
  }

  list(): readonly RequestRecord[] {
    return this.records;
  }
}

function toRecord(exchange: Exchange, error: ErrorType | undefined): RequestRecord {
  const { usage, timings, firstEventAt, startedAt, seconds, result = "error" } = exchange;
  const isGenerated = !error && result !== "hit" && result !== "coalesced";
  const decodeSeconds = isGenerated ? (timings?.decode_seconds ?? 0) : 0;
  return {
    at: new Date(Date.now() - seconds * 1000).toISOString(),
    model: exchange.model ?? null,
    result: error ? "error" : result,
    error: error ?? null,
    stream: exchange.isStream,
    ms: round(seconds * 1000),
    first_token_ms: firstEventAt === undefined ? null : round(firstEventAt - startedAt),
    input_tokens: usage?.input_tokens ?? null,
    output_tokens: usage?.output_tokens ?? null,
    tokens_per_second: usage && decodeSeconds > 0 ? round(usage.output_tokens / decodeSeconds) : null,
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
