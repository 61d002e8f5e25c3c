import { ApiError } from "#anthropic/errors.js";
import {
  type Claim,
  type FreePlace,
  toNextTurn,
  type TurnLimits,
  turnLimits,
  type Waiting,
} from "./to-next-turn.js";
import { TurnOrder } from "./turn-order.js";

/** One of the backend's places; whoever has taken it hands it back with `release`. */
export type Place = FreePlace;

interface Waiter extends Waiting {
  start: (place: Place) => void;
}

/** The backend's places: as many generations at once as it runs in parallel. Who is next says `toNextTurn`. */
export class Slots {
  /** Those that are not taken; the one that has been free for longest comes first. */
  private readonly free: Place[];
  private readonly queue: Waiter[] = [];
  private readonly order = new TurnOrder();
  private readonly mostHeld: number;
  private holding: NodeJS.Timeout | undefined;

  constructor(
    private readonly width: number,
    private readonly queueLimit: number,
    private readonly limits: TurnLimits = turnLimits,
  ) {
    this.free = Array.from({ length: width }, () => toEmptyPlace());
    this.mostHeld = Math.max(1, Math.floor(width / 2));
  }

  get depth(): number {
    return this.queue.length;
  }

  get busy(): number {
    return this.width - this.free.length;
  }

  /** Free places may be held for others. Whoever one of them is held for finds it, however many wait. */
  isFullFor({ prefix }: Claim): boolean {
    if (this.queue.length < this.queueLimit + this.free.length) return false;
    return !this.free.some((place) => place.prefix === prefix);
  }

  /**
   * Resolves when it is this claim's turn and a place is free; rejects when `signal` fires before.
   * @throws ApiError `overloaded_error`, at once, when the queue is full
   */
  take(claim: Claim, signal: AbortSignal): Promise<Place> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    if (this.isFullFor(claim))
      throw new ApiError("overloaded_error", `The queue is full: ${this.queue.length} requests are waiting`, {
        retryAfterSeconds: 10,
      });
    return new Promise((resolve, reject) => {
      const leave = () => {
        this.queue.splice(this.queue.indexOf(waiter), 1);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        claim,
        tag: this.order.tag(claim.session, this.tagsOf(claim.session)),
        since: performance.now(),
        start: (place) => {
          signal.removeEventListener("abort", leave);
          resolve(place);
        },
      };
      this.queue.push(waiter);
      signal.addEventListener("abort", leave, { once: true });
      this.giveAll();
    });
  }

  /** A place for work that nobody waits for; undefined when somebody wants it now or will in a moment. */
  takeIdle(): Place | undefined {
    if (this.queue.length > 0) return undefined;
    const lullEnd = performance.now() - this.limits.lullMs;
    const place = this.free.find(({ isComingBack, freeSince }) => !isComingBack || freeSince <= lullEnd);
    return place && this.occupy(place, idleClaim);
  }

  /** `isComingBack`: the conversation goes on as soon as its client has run a tool. */
  release(place: Place, isComingBack = false): void {
    Object.assign(place, { isComingBack, freeSince: performance.now() });
    this.free.push(place);
    this.giveAll();
  }

  /**
   * Gives the free places, those with a loaded prefix that somebody waits for first. Of several places at most half
   * are held for conversations that are coming back, those that went last.
   */
  private giveAll(): void {
    clearTimeout(this.holding);
    if (this.queue.length === 0) return;
    let holdUntil = Infinity;
    let tooMany = this.free.filter(({ isComingBack }) => isComingBack).length - this.mostHeld;
    for (const place of this.wantedFirst()) {
      const isHeldTooMany = place.isComingBack && tooMany-- > 0;
      const asked = isHeldTooMany ? { ...place, isComingBack: false } : place;
      const turn = toNextTurn(this.queue, asked, performance.now(), this.limits);
      if (!turn) return;
      if ("holdUntil" in turn) holdUntil = Math.min(holdUntil, turn.holdUntil);
      else this.give(place, turn.start, turn.isFavour);
    }
    if (holdUntil < Infinity)
      this.holding = setTimeout(() => this.giveAll(), Math.max(1, holdUntil - performance.now())).unref();
  }

  private give(place: Place, waiter: Waiter, isFavour: boolean): void {
    this.queue.splice(this.queue.indexOf(waiter), 1);
    this.order.serve(waiter.claim.session, waiter.tag, !isFavour);
    place.favours = isFavour ? place.favours + 1 : 0;
    waiter.start(this.occupy(place, waiter.claim));
  }

  private occupy(place: Place, { prefix, promptTokens }: Claim): Place {
    this.free.splice(this.free.indexOf(place), 1);
    return Object.assign(place, { prefix, promptTokens });
  }

  private tagsOf(session: string): number[] {
    return this.queue.filter(({ claim }) => claim.session === session).map(({ tag }) => tag);
  }

  private wantedFirst(): Place[] {
    const prefixes = new Set(this.queue.map(({ claim }) => claim.prefix));
    const isWanted = ({ prefix }: Place) => prefix !== undefined && prefixes.has(prefix);
    return [...this.free.filter(isWanted), ...this.free.filter((place) => !isWanted(place))];
  }
}

const idleClaim: Claim = { session: "", prefix: "", promptTokens: 0 };

function toEmptyPlace(): Place {
  return {
    prefix: undefined,
    promptTokens: 0,
    freeSince: -Infinity,
    isComingBack: false,
    favours: 0,
  };
}
