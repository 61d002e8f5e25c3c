import { Injectable } from "@nestjs/common";
import type { EventEmitter } from "node:events";

/** So long a client may ask again for an answer that never reached it: Claude Code for 187 s, as measured. */
const retrySpanMs = 190_000;
/** A client without keep-alive hangs up when it has its answer; the end of a cut tunnel hangs up later. */
const hangUpMs = 2000;

interface Delivery {
  givenHash: string;
  /** Remembers that it has arrived, once. */
  conclude: () => Promise<unknown>;
}

/**
 * Answers that were sent whole, but whose arrival nothing has shown yet: the near end of a tunnel takes an
 * answer while its far end is cut, and then the client asks for it once more. The next request on the same
 * connection shows that it has arrived, as does its end at once. Without them it counts as arrived when no retry
 * can come any more.
 */
@Injectable()
export class Deliveries {
  private readonly open = new WeakMap<EventEmitter, Delivery>();

  noteSent(connection: EventEmitter, givenHash: string, mark: () => Promise<unknown>): void {
    const sentAt = performance.now();
    let concluded: Promise<unknown> | undefined;
    const onClose = () => {
      if (performance.now() - sentAt < hangUpMs) void conclude();
    };
    const conclude = () => {
      clearTimeout(timer);
      connection.off("close", onClose);
      return (concluded ??= mark());
    };
    const timer = setTimeout(() => void conclude(), retrySpanMs).unref();
    connection.once("close", onClose);
    this.open.set(connection, { givenHash, conclude });
  }

  /** Waits for the mark where the request asks for the very answer that has arrived. */
  async noteRequest(connection: EventEmitter, givenHash: string | undefined): Promise<void> {
    const delivery = this.open.get(connection);
    if (!delivery) return;
    this.open.delete(connection);
    const concluded = delivery.conclude();
    if (delivery.givenHash === givenHash) await concluded;
  }
}
