import { Injectable } from "@nestjs/common";
import type { EventEmitter } from "node:events";

/** So long a client may ask again for an answer that never reached it: Claude Code for 187 s, as measured. */
const retrySpanMs = 190_000;
/** How often it is looked for answers that are older than that. */
const sweepMs = 5000;
/** A client without keep-alive hangs up when it has its answer; the end of a cut tunnel hangs up later. */
const hangUpMs = 2000;

interface Delivery {
  givenHash: string;
  sentAt: number;
  onClose: () => void;
  /** Remembers that it has arrived. */
  mark: () => Promise<unknown>;
}

/**
 * Answers that were sent whole, but whose arrival nothing has shown yet: the near end of a tunnel takes an
 * answer while its far end is cut, and then the client asks for it once more. The next request on the same
 * connection shows that it has arrived, as does its end at once. Without them it counts as arrived when no retry
 * can come any more.
 */
@Injectable()
export class Deliveries {
  /** Those sent first come first. */
  private readonly open = new Map<EventEmitter, Delivery>();
  /** What has not shown on any connection yet. */
  private readonly unproved = new Set<string>();
  private sweep: NodeJS.Timeout | undefined;

  noteSent(connection: EventEmitter, givenHash: string, mark: () => Promise<unknown>): void {
    void this.take(connection)?.mark();
    const sentAt = performance.now();
    const onClose = () => {
      if (performance.now() - sentAt < hangUpMs) void this.take(connection)?.mark();
    };
    connection.on("close", onClose);
    this.open.set(connection, { givenHash, mark, sentAt, onClose });
    this.unproved.add(givenHash);
    this.sweep ??= this.scheduleSweep();
  }

  /** The mark, where the request asks for the very answer that has arrived: it has to wait for that. */
  noteRequest(connection: EventEmitter, givenHash: string | undefined): Promise<unknown> | undefined {
    const delivery = this.take(connection);
    const marked = delivery?.mark();
    return delivery?.givenHash === givenHash ? marked : undefined;
  }

  /** Whether an answer to the same was sent to this session, and nothing has shown yet that it has arrived. */
  isUnproved(givenHash: string | undefined): boolean {
    return givenHash !== undefined && this.unproved.has(givenHash);
  }

  private take(connection: EventEmitter): Delivery | undefined {
    const delivery = this.open.get(connection);
    if (!delivery) return undefined;
    this.open.delete(connection);
    this.unproved.delete(delivery.givenHash);
    connection.off("close", delivery.onClose);
    return delivery;
  }

  private scheduleSweep(): NodeJS.Timeout {
    return setTimeout(() => {
      const now = performance.now();
      for (const [connection, { sentAt }] of this.open) {
        if (now - sentAt < retrySpanMs) break;
        void this.take(connection)?.mark();
      }
      this.sweep = this.open.size > 0 ? this.scheduleSweep() : undefined;
    }, sweepMs).unref();
  }
}
