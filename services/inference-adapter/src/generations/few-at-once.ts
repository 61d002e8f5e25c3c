import { Slots } from "./slots.js";

/** All are of one session, so that they come in their order. */
const inOrder = { session: "", prefix: "", promptTokens: 0 };

/** Work of which so much goes on at once; the rest waits for its turn. */
export class FewAtOnce {
  private readonly slots: Slots;

  constructor(atOnce: number, mostWaiting: number) {
    this.slots = new Slots(atOnce, mostWaiting);
  }

  /** @throws ApiError `overloaded_error` where too many wait, the signal's reason, and what `work` throws */
  async run<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const place = await this.slots.take(inOrder, signal);
    try {
      return await work();
    } finally {
      this.slots.release(place);
    }
  }
}
