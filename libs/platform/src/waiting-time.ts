const slices = 5;

/**
 * A time-out that counts only time in which this process could have heard an answer: a fifth at a time, so that
 * an event loop that was busy for longer than the whole does not take itself for a silent other side.
 * @returns stops it
 */
export function afterWaiting(milliseconds: number, onTimeout: () => void): () => void {
  let left = slices;
  const next = (): NodeJS.Timeout =>
    setTimeout(() => {
      left -= 1;
      if (left > 0) timer = next();
      else onTimeout();
    }, milliseconds / slices);
  let timer = next();
  return () => clearTimeout(timer);
}
