export interface Peeked<T> {
  /** True: `limitMs` passed and nothing had come yet. */
  isLate: boolean;
  /** Everything that the source yields, the first item included. */
  items: AsyncGenerator<T>;
}

/** Waits for a source's first item, but no longer than `limitMs`. A source that fails by then makes this throw. */
export async function peekFirst<T>(source: AsyncGenerator<T>, limitMs: number): Promise<Peeked<T>> {
  const first = source.next();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(resolve, limitMs, "late");
  });
  try {
    const winner = await Promise.race([first, late]);
    return { isLate: winner === "late", items: resume(first, source) };
  } finally {
    clearTimeout(timer);
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
