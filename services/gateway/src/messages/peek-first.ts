import { setTimeout as delay } from "node:timers/promises";

export interface Peeked<T> {
  /** True: `limitMs` passed and nothing had come yet. */
  isLate: boolean;
  /** Everything that the source yields, the first item included. */
  items: AsyncGenerator<T>;
}

/** Waits for a source's first item, but no longer than `limitMs`. A source that fails by then makes this throw. */
export async function peekFirst<T>(source: AsyncGenerator<T>, limitMs: number): Promise<Peeked<T>> {
  const first = source.next();
  const timer = new AbortController();
  const late = delay(limitMs, "late" as const, { signal: timer.signal }).catch(() => "late" as const);
  try {
    const winner = await Promise.race([first, late]);
    return { isLate: winner === "late", items: resume(first, source) };
  } finally {
    timer.abort();
  }
}

async function* resume<T>(first: Promise<IteratorResult<T>>, source: AsyncGenerator<T>): AsyncGenerator<T> {
  try {
    const { value, done } = await first;
    if (done) return;
    yield value;
    yield* source;
  } finally {
    await source.return(undefined);
  }
}
