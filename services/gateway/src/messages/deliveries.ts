import { Injectable } from "@nestjs/common";

/** So long a client may ask again for an answer that never reached it: Claude Code for 187 s, as measured. */
const retrySpanMs = 190_000;

interface Delivery {
  givenHash: string;
  /** Remembers that it has arrived, once. */
  conclude: () => Promise<unknown>;
}

/**
 * Answers that were sent whole, but whose arrival nothing has shown yet: the near end of a tunnel takes an
 * answer while its far end is cut, and then the client asks for it once more. The next request on the same
 * connection shows that it has arrived. Without one it counts as arrived when no retry can come any more.
 */
@Injectable()
export class Deliveries {
  private readonly open = new WeakMap<object, Delivery>();

  noteSent(connection: object, givenHash: string, mark: () => Promise<unknown>): void {
    let concluded: Promise<unknown> | undefined;
    const conclude = () => {
      clearTimeout(timer);
      return (concluded ??= mark());
    };
    const timer = setTimeout(() => void conclude(), retrySpanMs).unref();
    this.open.set(connection, { givenHash, conclude });
  }

  /** Waits for the mark where the request asks for the very answer that has arrived. */
  async noteRequest(connection: object, givenHash: string | undefined): Promise<void> {
    const delivery = this.open.get(connection);
    if (!delivery) return;
    this.open.delete(connection);
    const concluded = delivery.conclude();
    if (delivery.givenHash === givenHash) await concluded;
  }
}
