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

/** The last requests that this gateway answered. In memory only. */
@Injectable()
export class RecentRequests {
  private readonly notes: (() => RequestRecord)[] = [];
  private next = 0;

  /** What is written down now is put into its form only when somebody looks. */
  note(exchange: Exchange, error: ErrorType | undefined): void {
    this.notes[this.next] = toRecorder(exchange, error, Date.now());
    this.next = (this.next + 1) % kept;
  }

  /** Newest first. */
  list(): RequestRecord[] {
    const inOrder = [...this.notes.slice(this.next), ...this.notes.slice(0, this.next)];
    return inOrder.toReversed().map((toRecord) => toRecord());
  }
}

/** Holds nothing of the exchange but its figures. */
function toRecorder(exchange: Exchange, error: ErrorType | undefined, endedAt: number): () => RequestRecord {
  const { usage, timings, firstEventAt, startedAt, seconds, model, isStream, result = "error" } = exchange;
  return () => {
    const isGenerated = !error && result !== "hit" && result !== "coalesced";
    const decodeSeconds = isGenerated ? (timings?.decode_seconds ?? 0) : 0;
    return {
      at: new Date(endedAt - seconds * 1000).toISOString(),
      model: model ?? null,
      result: error ? "error" : result,
      error: error ?? null,
      stream: isStream,
      ms: round(seconds * 1000),
      first_token_ms: firstEventAt === undefined ? null : round(firstEventAt - startedAt),
      input_tokens: usage?.input_tokens ?? null,
      output_tokens: usage?.output_tokens ?? null,
      tokens_per_second: usage && decodeSeconds > 0 ? round(usage.output_tokens / decodeSeconds) : null,
    };
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
