import { Injectable } from "@nestjs/common";
import type { MessageStreamEvent } from "#anthropic/events.js";
import type { Subscription } from "./generation.js";

/** The subscriptions that are being read, by the id that their answers carried. */
@Injectable()
export class Subscriptions {
  private readonly open = new Map<string, Subscription>();

  /** The subscription's events; it is known by its id until they end. */
  read(subscription: Subscription): AsyncGenerator<MessageStreamEvent> {
    const { id, events } = subscription;
    this.open.set(id, subscription);
    subscription.onEnd = () => this.open.delete(id);
    return events;
  }

  /** False: no such subscription, or it has ended. */
  detach(id: string): boolean {
    const subscription = this.open.get(id);
    subscription?.detach();
    return subscription !== undefined;
  }
}
