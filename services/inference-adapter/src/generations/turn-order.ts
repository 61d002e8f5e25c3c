/**
 * The fair order of requests from several sessions (start-time fair queueing): a request is tagged with one more than
 * the one of its session before it, but with no less than whose turn it is now. So a session with many requests
 * waits for its own, and a new session neither waits for them nor goes before everybody for ever.
 */
export class TurnOrder {
  /** The tag that was last served in order. */
  private current = 0;
  /** The least tag of a session's next request. */
  private readonly next = new Map<string, number>();

  /** `waiting`: the tags of the session's requests that wait already. */
  tag(session: string, waiting: readonly number[]): number {
    const next = Math.max(this.current, this.next.get(session) ?? 0);
    return waiting.reduce((latest, tag) => Math.max(latest, tag + 1), next);
  }

  /** A request has got its place, in order or as a favour. */
  serve(session: string, tag: number, isInOrder: boolean): void {
    this.next.set(session, tag + 1);
    if (!isInOrder || tag <= this.current) return;
    this.current = tag;
    for (const [other, next] of this.next) if (next <= tag) this.next.delete(other);
  }

  /** How many sessions are remembered. */
  get size(): number {
    return this.next.size;
  }
}
