export interface Peeked<T> {
  /** True: `limitMs` passed and nothing had come yet. */
  isLate: boolean;
  /** Everything that the source yields, the first item included. */
  items: AsyncIterableIterator<T>;
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

/** No generator: that would cost each item once more. */
function resume<T>(first: Promise<IteratorResult<T>>, source: AsyncGenerator<T>): AsyncIterableIterator<T> {
  let peeked: Promise<IteratorResult<T>> | undefined = first;
  return {
    next: () => {
      const next = peeked ?? source.next();
      peeked = undefined;
      return next;
    },
    return: () => source.return(undefined),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
